"""`voice bench --html`: a run of the benchmarks as one page with charts."""
