using System.Numerics.Tensors;
using GptQuantBench.Inference.Backends.Cpu;
using GptQuantBench.Inference.Checkpoints;
using GptQuantBench.Inference.Memory;
using GptQuantBench.Inference.Models;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Inference.Backends;

/// <summary>Matrices and inputs of random values for benchmarks of kernels, and the sums that a product must give.</summary>
internal static class SyntheticMatrix
{
    private const ulong Seed = 7;

    // Outputs that are checked: enough to meet every tile and thread, few enough to be computed in no time.
    private const int CheckedOutputs = 997;

    private static readonly WeightDistribution _weights = new(Mean: 0, Deviation: 0.02f);
    private static readonly WeightDistribution _inputs = new(Mean: 0, Deviation: 1);

    /// <summary>Packs a matrix on all threads; the same values in every run.</summary>
    /// <exception cref="InsufficientMemoryException">The system does not give the memory.</exception>
    public static PackedMatrix Pack(PackedLayout layout, MemoryLedger ledger, WorkerPool pool)
    {
        PackedMatrix matrix = new(ledger, layout);
        try
        {
            pool.Run(layout.Rows, (row, _) =>
            {
                float[] values = new float[layout.Columns];
                SyntheticValues.Fill(SyntheticValues.Key(Seed, row), 0, values, _weights);
                matrix.SetRow(row, values, "A random matrix");
            });
            return matrix;
        }
        catch
        {
            matrix.Dispose();
            throw;
        }
    }

    /// <summary>An input vector; the same values in every run.</summary>
    public static void FillInput(int input, Span<float> values) =>
        SyntheticValues.Fill(SyntheticValues.Key(Seed, -1 - input), 0, values, _inputs);

    /// <summary>The relative RMS difference of a sample of outputs from FP64 sums over the unpacked weights.</summary>
    /// <param name="matrix">The weights.</param>
    /// <param name="inputs">Input vectors.</param>
    /// <param name="input">Gives one of them as the kernel saw it, without padding.</param>
    /// <param name="output">Gives what the kernel made of an input and a row.</param>
    public static double RelativeError(PackedMatrix matrix, int inputs, Func<int, float[]> input, Func<int, int, float> output)
    {
        (int rows, int columns) = (matrix.Layout.Rows, matrix.Layout.Columns);
        double[][] vectors = [.. Enumerable.Range(0, inputs).Select(index => Widen(input(index)))];
        float[] row = new float[columns];
        double[] weights = new double[columns];
        (double differences, double squares) = (0, 0);
        for (int i = 0; i < CheckedOutputs; i++)
        {
            // Spread over rows and inputs without a common step.
            int at = (int)((long)i * rows / CheckedOutputs);
            int vector = i % inputs;
            matrix.GetRow(at, row);
            TensorPrimitives.ConvertTruncating<float, double>(row, weights);
            double expected = TensorPrimitives.Dot<double>(weights, vectors[vector]);
            double difference = output(vector, at) - expected;
            differences += difference * difference;
            squares += expected * expected;
        }

        return Math.Sqrt(differences / squares);

        static double[] Widen(float[] values) => [.. values.Select(value => (double)value)];
    }
}
