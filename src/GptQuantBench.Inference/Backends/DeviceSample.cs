namespace GptQuantBench.Inference.Backends;

/// <summary>State of a device at one moment. What it does not tell is null.</summary>
/// <param name="PowerMilliwatts">Power drawn, mW; recent NVIDIA devices give the mean of the last second.</param>
/// <param name="EnergyMillijoules">Energy drawn since some moment in the past, mJ; only differences mean anything.</param>
/// <param name="Clock">Clock of the processors, MHz.</param>
/// <param name="MemoryClock">Clock of the memory, MHz.</param>
/// <param name="Temperature">Temperature of the chip, °C.</param>
/// <param name="Throttles">What slows the device down, by name; empty where nothing does.</param>
public sealed record DeviceSample(
    int? PowerMilliwatts,
    long? EnergyMillijoules,
    int? Clock,
    int? MemoryClock,
    int? Temperature,
    IReadOnlyList<string> Throttles);
