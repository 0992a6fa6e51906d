using GptQuantBench.Reporting.Comparison;

namespace GptQuantBench.Reporting.Tests.Comparison;

public sealed class WelchTestTests
{
    /// <summary>Student's sleep data, as R prints it: t.test(extra ~ group, data = sleep).</summary>
    [Fact]
    public void SleepDataGivesWhatRPrints()
    {
        double[] first = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0];
        double[] second = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4];

        WelchTest test = WelchTest.Of(first, second);

        Assert.Equal(1.8608, test.Difference / test.StandardError, 4);
        Assert.Equal(17.776, test.DegreesOfFreedom, 3);
        Assert.Equal(0.07939, test.PValue, 5);
    }

    [Fact]
    public void SamplesWithoutNoiseDifferForCertainOrNotAtAll()
    {
        Assert.Equal(1, WelchTest.Of([2, 2], [2, 2, 2]).PValue);
        Assert.Equal(3, WelchTest.Of([2, 2], [2, 2, 2]).DegreesOfFreedom);
        Assert.Equal(0, WelchTest.Of([2, 2], [3, 3, 3]).PValue);
    }

    [Fact]
    public void OneValueIsNoSample()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => WelchTest.Of([1], [1, 2]));
        Assert.Throws<ArgumentOutOfRangeException>(() => WelchTest.Of([1, 2], [1]));
    }
}
