using System.Diagnostics;
using System.Globalization;
using GptQuantBench.Inference.Models;

namespace GptQuantBench.Fuzz;

/// <summary>
/// The bounded form of fuzzing that every test run does: the corpus, and inputs made of it with a fixed seed. GPTQUANTBENCH_FUZZ_INPUTS
/// asks for more; <c>eng/fuzz.sh</c> lets AFL++ look for inputs that reach new code.
/// </summary>
[Collection(FuzzTarget.Collection)]
public sealed class FuzzTests
{
    private const int Inputs = 10_000;

    public static TheoryData<string> Targets => [.. FuzzTarget.Names];

    [Theory]
    [MemberData(nameof(Targets))]
    public void NoInputDoesMoreThanFail(string name)
    {
        using var target = FuzzTarget.Create(name);
        var corpus = Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "corpus", name)).Order(StringComparer.Ordinal).Select(File.ReadAllBytes).ToArray();
        var count = int.Parse(Environment.GetEnvironmentVariable("GPTQUANTBENCH_FUZZ_INPUTS") ?? $"{Inputs}", CultureInfo.InvariantCulture);
        var mutator = new Mutator(seed: 20260923);
        Assert.All(corpus, input => Run(target, input));
        for (var i = 0; i < count; i++)
        {
            Run(target, mutator.Mutate(corpus));
        }
    }

    /// <summary>A harness that takes everything would find nothing.</summary>
    [Fact]
    public void AReaderThatDoesMoreIsSeen()
    {
        Func<byte[], Action>[] readers =
        [
            input => Use([input[input.Length]]),
            _ => Use(new byte[70 << 20]),
            _ => throw new ModelFormatException("two\nlines"),
            input => () => _ = input[input.Length],
        ];
        Assert.All(readers, read =>
        {
            using var target = new FuzzTarget(read);
            Assert.Throws<InvalidOperationException>(() => Run(target, [1, 2, 3]));
        });
    }

    private static Action Use(byte[] bytes) => () => GC.KeepAlive(bytes);

    private static void Run(FuzzTarget target, byte[] input)
    {
        var clock = Stopwatch.StartNew();
        try
        {
            target.Run(input);
        }
        catch (Exception exception)
        {
            throw new InvalidOperationException($"Input (base64) {Convert.ToBase64String(input)} ended in {exception.GetType().Name}.", exception);
        }

        Assert.True(clock.Elapsed.TotalSeconds < FuzzTarget.LongestSeconds, $"Input (base64) {Convert.ToBase64String(input)} took {clock.Elapsed}.");
    }
}
