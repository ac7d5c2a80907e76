"""Pages for a browser: one file each, nothing fetched, readable without scripts."""
