"""The claims about speed that `benchmarks/speed.py` puts to the test, a file each."""
