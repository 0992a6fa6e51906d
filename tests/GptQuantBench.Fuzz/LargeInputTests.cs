namespace GptQuantBench.Fuzz;

/// <summary>Files so large that what they cost shows: within 64 MiB and their length, or refused before they cost it.</summary>
[Collection(FuzzTarget.Collection)]
public sealed class LargeInputTests
{
    public static TheoryData<string, string> Inputs => [.. LargeInputs.All.Keys.Select(key => new TheoryDataRow<string, string>(key.Target, key.What))];

    [Theory]
    [MemberData(nameof(Inputs))]
    public void ALargeFileCostsNoMoreThanItsLengthAnd64MebibytesOrIsRefused(string name, string what)
    {
        using var target = FuzzTarget.Create(name);
        // Below and above the limits of all readers; what is refused must be refused at once.
        foreach (var size in new[] { 1_900_000, 7_800_000, 30_000_000 })
        {
            var input = LargeInputs.All[(name, what)](size);
            // Time of the processors, not of the clock: other test programs run beside this one.
            var before = Environment.CpuUsage.TotalTime;
            var refusal = target.Run(input);
            var seconds = (Environment.CpuUsage.TotalTime - before).TotalSeconds;
            Assert.InRange(seconds, 0, FuzzTarget.LongestSeconds);
            TestContext.Current.TestOutputHelper?.WriteLine($"{input.Length} bytes: {seconds:0.00} s, {refusal ?? "taken"}");
        }
    }
}
