namespace GptQuantBench.Commands;

/// <summary>Speeds of an ordinary machine of a kind, to say how long something takes before anything is measured; not for figures.</summary>
/// <param name="StartSeconds">Start of a process, with a CUDA context and compiled kernels where there are any.</param>
/// <param name="LoadBytesPerSecond">Checkpoint bytes read and quantised.</param>
/// <param name="BytesPerSecond">Weights read by a decode step.</param>
/// <param name="StepSeconds">What a decode step takes beside reading.</param>
/// <param name="FlopsPerSecond">Arithmetic of a prefill.</param>
internal sealed record EstimatedMachine(double StartSeconds, double LoadBytesPerSecond, double BytesPerSecond, double StepSeconds, double FlopsPerSecond)
{
    private static readonly EstimatedMachine _cpu = new(1.5, 1e9, 15e9, 1e-3, 40e9 * Environment.ProcessorCount);

    private static readonly EstimatedMachine _gpu = new(5, 4e9, 1.5e12, 3e-4, 5e13);

    /// <summary>The machine of a backend.</summary>
    public static EstimatedMachine Of(string backend) => backend == "cuda" ? _gpu : _cpu;
}
