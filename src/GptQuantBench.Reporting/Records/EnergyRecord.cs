namespace GptQuantBench.Reporting.Records;

/// <summary>Energy and state of the device while the case's generation ran again and again.</summary>
public sealed record EnergyRecord
{
    /// <summary>Length of the measured span, seconds.</summary>
    public double? Seconds { get; init; }

    /// <summary>Tokens that were generated in it.</summary>
    public long? Tokens { get; init; }

    /// <summary>Number of readings.</summary>
    public int? Readings { get; init; }

    /// <summary>Energy / tokens, joules.</summary>
    public double? JoulesPerToken { get; init; }

    /// <summary>Energy / seconds, watts.</summary>
    public double? MeanPowerWatts { get; init; }

    /// <summary>Where the energy comes from: the device's counter, or its power over time.</summary>
    public string? Source { get; init; }

    /// <summary>Clock of the multiprocessors.</summary>
    public ClockRange? SmMhz { get; init; }

    /// <summary>Clock of the memory.</summary>
    public ClockRange? MemoryMhz { get; init; }

    /// <summary>Highest temperature, °C.</summary>
    public int? MaxTemperatureC { get; init; }

    /// <summary>What slowed the device down at some reading; empty where nothing did.</summary>
    public IReadOnlyList<string> ThrottleReasons { get; init => field = value ?? []; } = [];
}
