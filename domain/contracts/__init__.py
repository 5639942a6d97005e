"""The words that cross a boundary: vocabularies, submissions, activity requests and outcomes.

Portal, workflow, activities and console all speak these models and no others.
Every model carries its `kind`, so that a payload can never be read as another one, hides its
input in errors, and ignores fields it does not know, so that old and new code can meet.
Times are aware UTC datetimes, mobiles E.164 with `+`, e-mails lower case, references as drawn.
Nothing here may be a `SecretStr`: Temporal would deliver ten asterisks in its place.
"""

from pydantic import BaseModel, ConfigDict


class Model(BaseModel):
    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, extra="ignore")
