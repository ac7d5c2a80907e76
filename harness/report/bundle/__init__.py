"""A whole report: tables, figures, the records they rest on and an index, in one folder."""
