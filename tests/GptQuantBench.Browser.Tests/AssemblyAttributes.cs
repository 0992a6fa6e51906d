using GptQuantBench.Browser.Tests;

// One browser for all tests: starting one takes longer than most of them.
[assembly: AssemblyFixture(typeof(BrowserFixture))]
