namespace GptQuantBench.Inference.Backends;

/// <summary>Copies of a matrix that one kernel multiplies. Not thread-safe.</summary>
public interface IMatrixBench : IDisposable
{
    /// <summary>Bytes of the matrix: codes, scales and minima, what a product must read.</summary>
    long BytesPerProduct { get; }

    /// <summary>Copies that rotating products take in turn.</summary>
    int Copies { get; }

    /// <summary>Multiplies; the device is idle when it returns.</summary>
    /// <param name="inputs">Input vectors of each product.</param>
    /// <param name="products">Products at least; a device that replays them recorded rounds up.</param>
    /// <param name="rotates">True: each product takes the next copy, so that no cache has it; false: all take the same.</param>
    MatrixRun Run(int inputs, int products, bool rotates);

    /// <summary>Multiplies once and compares outputs with sums in FP64 over the same weights.</summary>
    /// <param name="inputs">Input vectors.</param>
    /// <returns>Root mean square of the differences / that of the outputs, over a sample of the outputs.</returns>
    double RelativeError(int inputs);
}
