using System.Globalization;

namespace GptQuantBench.Commands;

/// <summary>Progress of a verb on stderr: one line a tenth.</summary>
internal static class ProgressLine
{
    /// <summary>A callback that takes what is done and the total, and writes.</summary>
    /// <param name="what">What progresses.</param>
    /// <param name="unit">What is counted.</param>
    public static Action<int, int> Of(string what, string unit)
    {
        var tenth = 0;
        return (done, total) =>
        {
            var now = (int)(10L * done / total);
            if (now > tenth)
            {
                tenth = now;
                Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{what}: {done} of {total} {unit}"));
            }
        };
    }
}
