"""What is measured: components, networks and the catalogue of named variants."""
