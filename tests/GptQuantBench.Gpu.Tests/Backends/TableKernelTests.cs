using GptQuantBench.Cuda;
using GptQuantBench.Inference.Backends.Cuda;

namespace GptQuantBench.Gpu.Tests.Backends;

/// <summary>Embedding, end of a step and unpacking, from packed tables of every format.</summary>
public sealed class TableKernelTests
{
    private const int Vocabulary = 37;
    private const int Context = 11;

    public static TheoryData<string> Formats => TestModels.Formats;

    [Theory]
    [MemberData(nameof(Formats))]
    public void Tokens_are_embedded_at_their_positions(string name)
    {
        foreach (int columns in (int[])[1, 33, 100, 768])
        {
            using PackedFixture table = new(name, Vocabulary, columns), positions = new("fp16", Context, columns);
            const int Position = 6;
            int[] ids = [0, 36, 5, 5];
            table.State.CopyToDevice([new DecodeState { Position = Position }]);
            using CudaDeviceVariable<int> deviceIds = table.Upload(ids);
            using CudaDeviceVariable<float> x = table.Poisoned<float>(ids.Length * columns);
            table.Kernels.Tables.Embed(
                table.Stream, table.Matrix.View, positions.Matrix.View, deviceIds.DevicePointer, x.DevicePointer, table.State.DevicePointer, ids.Length);
            table.Stream.Synchronize();
            Assert.Equal([.. ids.SelectMany((id, t) => Sum(table, positions, id, Position + t))], x.ToArray());
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void A_step_hands_its_id_over_and_embeds_it(string name)
    {
        const int Columns = 100, Id = 36, Step = 2;
        using PackedFixture table = new(name, Vocabulary, Columns), positions = new("fp16", Context, Columns);
        using CudaPageLockedHostMemory<int> ids = new(table.Context, 5, mapped: true);
        using CudaDeviceVariable<float> x = table.Poisoned<float>(Columns);

        // In the middle, with the sequence full after it, and with no finite logit.
        foreach ((ulong best, int position, int tokens) in
            ((ulong, int, int)[])[((0x8000_0001ul << 32) | ~(uint)Id, 2, 4), ((0x8000_0001ul << 32) | ~(uint)Id, Context - 1, 1), (ulong.MaxValue, 2, 1)])
        {
            ids.Span.Fill(-1);
            float[] before = x.ToArray();
            table.State.CopyToDevice([new DecodeState { Best = best, Position = position, Step = Step }]);
            table.Kernels.Tables.Advance(
                table.Stream, table.Matrix.View, positions.Matrix.View, x.DevicePointer, table.State.DevicePointer, ids.DevicePointer, tokens);
            table.Stream.Synchronize();

            bool isFinite = best != ulong.MaxValue, isFull = position + tokens >= Context;
            int next = isFinite ? Id : 0;
            DecodeState state = table.State.ToArray()[0];
            Assert.Equal((0ul, position + tokens, Step + 1, next), (state.Best, state.Position, state.Step, state.Token));
            Assert.Equal([-1, -1, isFinite ? Id : ArrivingIds.NoChoice, -1, -1], ids.Span.ToArray());
            Assert.Equal(isFull ? before : Sum(table, positions, next, position + tokens), x.ToArray());
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Rows_are_unpacked_to_halves(string name)
    {
        foreach ((int rows, int columns, int first, int count) in ((int, int, int, int)[])[(1, 1, 0, 1), (9, 33, 4, 5), (7, 100, 0, 7), (40, 768, 39, 1), (3, 1600, 1, 2)])
        {
            using PackedFixture fixture = new(name, rows, columns);
            int pitch = fixture.Matrix.Layout.PaddedColumns;
            using CudaDeviceVariable<Half> output = fixture.Poisoned<Half>(count * pitch);
            fixture.Kernels.Tables.Unpack(fixture.Stream, fixture.Matrix.View, output.DevicePointer, first, count, pitch);
            fixture.Stream.Synchronize();
            Half[] halves = output.ToArray();
            float[] actual = new float[count * columns];
            for (int i = 0; i < actual.Length; i++)
            {
                actual[i] = (float)halves[(i / columns * pitch) + (i % columns)];
            }

            // Each weight is rounded to FP16: half a unit in the last place of eleven bits, twice with a minimum.
            Numbers.AssertClose(actual, fixture.Weights.AsSpan(first * columns, actual.Length), 1e-3, $"{rows} × {columns}");
        }
    }

    /// <summary>Token and position, added as the kernel adds: one rounding.</summary>
    private static float[] Sum(PackedFixture table, PackedFixture positions, int id, int position)
    {
        float[] sum = new float[table.Columns];
        for (int i = 0; i < sum.Length; i++)
        {
            sum[i] = table.Weights[(id * table.Columns) + i] + positions.Weights[(position * table.Columns) + i];
        }

        return sum;
    }
}
