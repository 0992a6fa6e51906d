using System.Numerics.Tensors;

namespace GptQuantBench.Inference.Quantization.Calibration;

/// <summary>
/// Where no single code of a row can be bettered, two together often can: each column is moved by one code to where that costs
/// least, and with it the column whose move by one code then gains most, if that is more than the first cost.
/// </summary>
internal static class PairDescent
{
    /// <summary>Tries each column once; true where codes changed.</summary>
    public static bool Run(RoundedRow row)
    {
        bool isChanged = false;
        int columns = row.Codes.Length;
        Span<float> steps = row.Steps, costs = row.Costs, pulls = row.Work, gains = row.Gains;
        for (int column = 0; column < columns; column++)
        {
            float step = MathF.Abs(row.Scale(column));
            steps[column] = step;
            costs[column] = step * step * row.Curvature(column);
        }

        for (int column = 0; column < columns; column++)
        {
            float step = MathF.CopySign(steps[column], row.Pull[column]);
            if (step == 0 || !row.CanStep(column, step))
            {
                continue;
            }

            // The loss after a move by s is s²·H[i, i] − 2·s·pull[i] more.
            float cost = costs[column] - (2 * step * row.Pull[column]);
            TensorPrimitives.MultiplyAdd(row.Moments.AsSpan(column * columns, columns), -step, row.Pull, pulls);
            TensorPrimitives.Abs(pulls, gains);
            TensorPrimitives.Multiply(gains, steps, gains);
            TensorPrimitives.MultiplyAdd(gains, -2, costs, gains);
            gains[column] = 0;
            int other = TensorPrimitives.IndexOfMin<float>(gains);
            float otherStep = MathF.CopySign(steps[other], pulls[other]);
            if (cost + gains[other] < 0 && otherStep != 0 && row.CanStep(other, otherStep))
            {
                row.Step(column, step);
                row.Step(other, otherStep);
                isChanged = true;
            }
        }

        return isChanged;
    }
}
