using System.Numerics.Tensors;

namespace GptQuantBench.Inference.Quantization.Calibration;

/// <summary>
/// Rounds the rows of a matrix to 4-bit codes so that its outputs on the calibration text change least: with w the row, ŵ what the
/// codes mean and H the second moments of the inputs, (w − ŵ)ᵀ·H·(w − ŵ) is made small. First GPTQ (Frantar, Ashkboos, Hoefler and
/// Alistarh, 2022): column by column, what a rounding adds to the outputs is taken off the columns to come. Then descent over one
/// code or one scale at a time from there, each step exact, until nothing changes.
/// </summary>
internal sealed class CompensatedRounding
{
    // The second changes few codes, the fourth almost none.
    private const int MostPasses = 4;

    private readonly QuantizationFormat _format;
    private readonly int _columns;
    private readonly float[] _moments;
    private readonly float[] _inverseFactor;
    private readonly float[] _importance;

    /// <param name="format">A format of 4 bits.</param>
    /// <param name="moments">Of the matrix's inputs.</param>
    public CompensatedRounding(QuantizationFormat format, SecondMoments moments)
    {
        _format = format;
        _columns = moments.Columns;
        double[] mean = moments.Mean();
        _moments = [.. mean.Select(value => (float)value)];
        _inverseFactor = InverseFactor.Of(mean, _columns);
        _importance = [.. Enumerable.Range(0, _columns).Select(i => _moments[(i * _columns) + i])];
    }

    /// <summary>Rounds all rows of a matrix, on all cores.</summary>
    /// <param name="values">[rows, columns].</param>
    /// <param name="matrix">Receives codes, scales and minima.</param>
    /// <param name="source">What the values are, for messages.</param>
    /// <exception cref="Models.ModelFormatException">A value is NaN, infinite, or too large for the format.</exception>
    public void Round(float[] values, PackedMatrix matrix, string source)
    {
        Parallel.For(0, matrix.Layout.Rows, () => new RoundedRow(_format, _columns), (row, _, state) =>
        {
            ReadOnlySpan<float> target = values.AsSpan(row * _columns, _columns);

            // Checks the values, and leaves a row of zeros as plain rounding has it.
            matrix.SetRow(row, target, source);
            if (target.ContainsAnyExcept(0f))
            {
                Compensate(target, state);
                Descend(target, state);
                matrix.SetCodes(row, state.Codes, state.Scales, state.Minima);
            }

            return state;
        }, _ => { });
    }

    private void Compensate(ReadOnlySpan<float> target, RoundedRow row)
    {
        Span<float> rest = row.Work;
        target.CopyTo(rest);
        for (int column = 0; column < _columns; column++)
        {
            if (column % _format.GroupSize == 0)
            {
                int length = Math.Min(_format.GroupSize, _columns - column);
                row.FindScale(column / _format.GroupSize, rest.Slice(column, length), _importance.AsSpan(column, length));
            }

            row.SetCode(column, row.Nearest(column, rest[column]));
            ReadOnlySpan<float> factor = _inverseFactor.AsSpan((column * _columns) + column, _columns - column);
            float error = (rest[column] - row.Value(column)) / factor[0];
            Span<float> later = rest[(column + 1)..];
            TensorPrimitives.MultiplyAdd(factor[1..], -error, later, later);
        }
    }

    private void Descend(ReadOnlySpan<float> target, RoundedRow row)
    {
        // H·(w − ŵ): minus half the gradient.
        Span<float> pull = row.Work;
        pull.Clear();
        for (int column = 0; column < _columns; column++)
        {
            Move(pull, column, row.Value(column) - target[column]);
        }

        for (int pass = 0, changes = 1; pass < MostPasses && changes > 0; pass++)
        {
            changes = 0;
            for (int group = 0; group < row.Scales.Length; group++)
            {
                int start = group * _format.GroupSize;
                int end = Math.Min(start + _format.GroupSize, _columns);
                for (int column = start; column < end; column++)
                {
                    float before = row.Value(column);
                    byte code = row.Nearest(column, before + (pull[column] / _importance[column]));
                    if (code != row.Codes[column])
                    {
                        row.SetCode(column, code);
                        Move(pull, column, row.Value(column) - before);
                        changes++;
                    }
                }

                RefitScale(pull, row, group, start, end);
            }
        }
    }

    /// <summary>Gives a group the scale, then the minimum, that fits its codes best while everything else stays.</summary>
    private void RefitScale(Span<float> pull, RoundedRow row, int group, int start, int end)
    {
        for (int part = 0; part < (_format.IsSymmetric ? 1 : 2); part++)
        {
            Span<float> direction = row.Direction.AsSpan(0, end - start);
            for (int column = start; column < end; column++)
            {
                direction[column - start] = part == 0 ? row.Units(column) : 1f;
            }

            float curvature = 0;
            for (int column = start; column < end; column++)
            {
                curvature += direction[column - start] * TensorPrimitives.Dot(_moments.AsSpan((column * _columns) + start, end - start), direction);
            }

            if (curvature <= 0)
            {
                continue;
            }

            float step = TensorPrimitives.Dot(pull[start..end], direction) / curvature;
            float moved = part == 0 ? row.MoveScale(group, step) : row.MoveMinimum(group, step);
            for (int column = start; moved != 0 && column < end; column++)
            {
                Move(pull, column, moved * direction[column - start]);
            }
        }
    }

    /// <summary>Follows a change of one ŵ.</summary>
    private void Move(Span<float> pull, int column, float change) =>
        TensorPrimitives.MultiplyAdd(_moments.AsSpan(column * _columns, _columns), -change, pull, pull);
}
