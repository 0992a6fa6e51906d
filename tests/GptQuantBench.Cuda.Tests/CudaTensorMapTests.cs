namespace GptQuantBench.Cuda.Tests;

/// <summary>What the tensor copy engine cannot copy is said before the driver is asked.</summary>
public sealed class CudaTensorMapTests
{
    [Theory]
    [InlineData(8, 1, 64, 32, 64, 64, 16)] // address
    [InlineData(0, 4, 64, 32, 256, 64, 16)] // element
    [InlineData(0, 1, 0, 32, 64, 64, 16)] // columns
    [InlineData(0, 1, 64, 0, 64, 64, 16)] // rows
    [InlineData(0, 1, 64, 32, 48, 64, 16)] // pitch below a row
    [InlineData(0, 2, 50, 32, 100, 16, 16)] // pitch
    [InlineData(0, 1, 64, 32, 64, 8, 16)] // row of a box
    [InlineData(0, 1, 1024, 32, 1024, 512, 16)] // box
    [InlineData(0, 1, 64, 512, 64, 64, 257)]
    public void A_wrong_number_is_one_sentence(ulong address, int elementBytes, int columns, int rows, int pitch, int boxColumns, int boxRows)
    {
        ArgumentException error = Assert.Throws<ArgumentException>(
            () => CudaTensorMap.OfMatrix(new(address), elementBytes, columns, rows, pitch, boxColumns, boxRows, readsAhead: true));
        Sentences.AssertOne(error.Message);
    }

    [Fact]
    public void It_is_as_large_as_the_drivers() => Assert.Equal(128, System.Runtime.CompilerServices.Unsafe.SizeOf<CudaTensorMap>());
}
