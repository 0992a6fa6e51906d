using GptQuantBench.Reporting.Figures;

namespace GptQuantBench.Reporting.Tests.Figures;

public sealed class LatencyScaleTests
{
    [Theory]
    [InlineData(0.2, "very good")]
    [InlineData(9.999, "very good")]
    [InlineData(10, "good")]
    [InlineData(19.999, "good")]
    [InlineData(20, "OK")]
    [InlineData(49.999, "OK")]
    [InlineData(50, "moderate")]
    [InlineData(100, "moderate")]
    [InlineData(100.001, "slow")]
    [InlineData(1e9, "slow")]
    public void LatencyIsRatedByTheLegend(double milliseconds, string expected) =>
        Assert.Equal(expected, LatencyScale.Name(LatencyScale.Rate(milliseconds)!.Value));

    [Theory]
    [InlineData(null)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void WhatWasNotMeasuredIsNotRated(double? milliseconds) => Assert.Null(LatencyScale.Rate(milliseconds));
}
