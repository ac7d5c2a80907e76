"""What each option costs: pairs of records that differ in one option and in nothing else."""
