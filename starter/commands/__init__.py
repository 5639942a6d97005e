"""Commands for operators: accounts, the registrar's report, insurance numbers, templates."""
