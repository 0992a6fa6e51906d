using System.Numerics.Tensors;

namespace GptQuantBench.Inference.Quantization.Calibration;

/// <summary>
/// Rounds the rows of a matrix to 4-bit codes so that its outputs on the calibration text change least: with w the row, ŵ what the
/// codes mean and H the second moments of the inputs, (w − ŵ)ᵀ·H·(w − ŵ) is made small. First GPTQ (Frantar, Ashkboos, Hoefler and
/// Alistarh, 2022): column by column, what a rounding adds to the outputs is taken off the columns to come. Then descent from there,
/// each step exact: over one code or one scale at a time until nothing changes, and over pairs of codes.
/// </summary>
/// <param name="format">A format of 4 bits.</param>
/// <param name="moments">Of the matrix's inputs.</param>
internal sealed class CompensatedRounding(QuantizationFormat format, IInputMoments moments)
{
    // The second changes few codes, the fourth almost none.
    private const int MostPasses = 4;

    private readonly int _columns = moments.Columns;
    private readonly float[] _inverseFactor = moments.InverseFactor;

    /// <summary>Rounds all rows of a matrix, on all cores.</summary>
    /// <param name="values">[rows, columns].</param>
    /// <param name="matrix">Receives codes, scales and minima.</param>
    /// <param name="source">What the values are, for messages.</param>
    /// <exception cref="Models.ModelFormatException">A value is NaN, infinite, or too large for the format.</exception>
    public void Round(float[] values, PackedMatrix matrix, string source)
    {
        Parallel.For(0, matrix.Layout.Rows, () => new RoundedRow(format, moments), (row, _, state) =>
        {
            ReadOnlySpan<float> target = values.AsSpan(row * _columns, _columns);

            // Checks the values, and leaves a row of zeros as plain rounding has it.
            matrix.SetRow(row, target, source);
            if (target.ContainsAnyExcept(0f))
            {
                state.Open(row);
                Compensate(target, state);
                Descend(target, state);
                matrix.SetCodes(row, state.Codes, state.Scales, state.Minima);
            }

            return state;
        }, _ => { });
    }

    private void Compensate(ReadOnlySpan<float> target, RoundedRow row)
    {
        Span<float> rest = row.Pull;
        target.CopyTo(rest);
        for (int column = 0; column < _columns; column++)
        {
            if (column % format.GroupSize == 0)
            {
                int length = Math.Min(format.GroupSize, _columns - column);
                row.FindScale(column / format.GroupSize, rest.Slice(column, length));
            }

            row.Codes[column] = row.Nearest(column, rest[column]);
            ReadOnlySpan<float> factor = _inverseFactor.AsSpan((column * _columns) + column, _columns - column);
            float error = (rest[column] - row.Value(column)) / factor[0];
            Span<float> later = rest[(column + 1)..];
            TensorPrimitives.MultiplyAdd(factor[1..], -error, later, later);
        }
    }

    private void Descend(ReadOnlySpan<float> target, RoundedRow row)
    {
        row.Pull.Clear();
        for (int column = 0; column < _columns; column++)
        {
            row.Follow(column, row.Value(column) - target[column]);
        }

        for (int pass = 0; pass < MostPasses && MoveCodes(row); pass++)
        {
        }

        if (PairDescent.Run(row))
        {
            MoveCodes(row);
        }
    }

    /// <summary>Gives every column its best code and every group its best scale, one at a time; true where a code changed.</summary>
    private bool MoveCodes(RoundedRow row)
    {
        bool isChanged = false;
        for (int group = 0; group < row.Scales.Length; group++)
        {
            int start = group * format.GroupSize;
            int end = Math.Min(start + format.GroupSize, _columns);
            for (int column = start; column < end; column++)
            {
                float before = row.Value(column);
                byte code = row.Nearest(column, before + (row.Pull[column] / row.Curvature(column)));
                if (code != row.Codes[column])
                {
                    row.Codes[column] = code;
                    row.Follow(column, row.Value(column) - before);
                    isChanged = true;
                }
            }

            RefitScale(row, group, start, end);
        }

        return isChanged;
    }

    /// <summary>Gives a group the scale, then the minimum, that fits its codes best while everything else stays.</summary>
    private void RefitScale(RoundedRow row, int group, int start, int end)
    {
        for (int part = 0; part < (format.IsSymmetric ? 1 : 2); part++)
        {
            Span<float> direction = row.Direction.AsSpan(0, end - start);
            for (int column = start; column < end; column++)
            {
                direction[column - start] = part == 0 ? row.Units(column) : 1f;
            }

            float curvature = 0;
            for (int column = start; column < end; column++)
            {
                curvature += direction[column - start] * TensorPrimitives.Dot(row.Moments.AsSpan((column * _columns) + start, end - start), direction);
            }

            if (curvature <= 0)
            {
                continue;
            }

            float step = TensorPrimitives.Dot(row.Pull[start..end], direction) / curvature;
            float moved = part == 0 ? row.MoveScale(group, step) : row.MoveMinimum(group, step);
            for (int column = start; moved != 0 && column < end; column++)
            {
                row.Follow(column, moved * direction[column - start]);
            }
        }
    }
}
