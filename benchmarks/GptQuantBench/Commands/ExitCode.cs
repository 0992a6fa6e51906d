namespace GptQuantBench.Commands;

/// <summary>What the process tells its caller.</summary>
internal static class ExitCode
{
    /// <summary>Everything asked for was done.</summary>
    public const int Success = 0;

    /// <summary>A case of the run failed.</summary>
    public const int CaseFailed = 1;

    /// <summary>A comparison found a regression.</summary>
    public const int Regression = 1;

    /// <summary>Wrong use or bad input, known before the first case started; or any bad input to a verb.</summary>
    public const int BadInput = 2;

    /// <summary>Stopped by Ctrl+C.</summary>
    public const int Cancelled = 130;
}
