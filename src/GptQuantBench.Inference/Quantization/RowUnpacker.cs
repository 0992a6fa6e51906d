namespace GptQuantBench.Inference.Quantization;

/// <summary>The plain definition of what packed codes mean; kernels are held against it.</summary>
internal static unsafe class RowUnpacker
{
    /// <summary>Writes the values of a row, as many as <paramref name="values"/> is long.</summary>
    public static void Unpack(in PackedMatrixView matrix, int row, Span<float> values)
    {
        byte* codes = matrix.Codes + ((long)row * matrix.BlocksPerRow * PackedLayout.BlockColumns * matrix.Bits / 8);
        for (int column = 0; column < values.Length; column++)
        {
            long group = ((long)row * matrix.GroupsPerRow) + ((column / PackedLayout.BlockColumns) >> matrix.GroupShift);
            values[column] = matrix.Bits switch
            {
                16 => (float)((Half*)codes)[column],
                8 when matrix.RowScales != null => matrix.RowScales[row] * ((sbyte*)codes)[column],
                8 => Scale(matrix, group) * ((sbyte*)codes)[column],
                _ when matrix.GroupMinima == null => Scale(matrix, group) * (Nibble(codes, column) - 8),
                _ => (Scale(matrix, group) * Nibble(codes, column)) + (float)((Half*)matrix.GroupMinima)[group],
            };
        }
    }

    private static float Scale(in PackedMatrixView matrix, long group) => (float)((Half*)matrix.GroupScales)[group];

    private static int Nibble(byte* codes, int column)
    {
        const int half = PackedLayout.BlockColumns / 2;
        byte pair = codes[((column / PackedLayout.BlockColumns) * half) + (column % half)];
        return column % PackedLayout.BlockColumns < half ? pair & 15 : pair >> 4;
    }
}
