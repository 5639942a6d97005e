"""Models that cross a boundary: vocabularies, submissions, activity requests and outcomes.

Portal, workflow, activities and console exchange these models only.
Every model has a `kind`, so that no payload is read as another model, hides its input in errors,
and ignores unknown fields, so that old and new versions of the code are compatible.
Times are aware UTC datetimes, mobiles E.164 with `+`, e-mails lower case, references as generated.
No field may be a `SecretStr`: Temporal would serialise it as ten asterisks.
"""

from pydantic import BaseModel, ConfigDict


class Model(BaseModel):
    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, extra="ignore")
