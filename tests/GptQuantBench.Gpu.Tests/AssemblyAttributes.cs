using Xunit.Sdk;
using Xunit.v3;

// The tests share one device: free memory and times are only meaningful one test at a time.
[assembly: Parallelization(Mode = ParallelMode.None)]
