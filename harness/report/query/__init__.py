"""Records as one flat table: a row a record, filtered, sorted and written in raw units."""
