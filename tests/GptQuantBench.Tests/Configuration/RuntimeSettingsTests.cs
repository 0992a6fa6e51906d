using System.Text.Json;
using GptQuantBench.Configuration;

namespace GptQuantBench.Tests.Configuration;

public sealed class RuntimeSettingsTests
{
    /// <summary>
    /// In-process and out-of-process figures can agree only if the host runs with what it gives to benchmark processes; loading was once
    /// twice as slow in process because it did not.
    /// </summary>
    [Fact]
    public void TheHostRunsWithTheSettingsOfBenchmarkProcesses()
    {
        RuntimeSettings.PublishToBenchmarkProcesses();
        using var configuration = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "GptQuantBench.runtimeconfig.json")));
        var properties = configuration.RootElement.GetProperty("runtimeOptions").GetProperty("configProperties");
        (string Property, string Variable)[] settings =
        [
            ("System.Runtime.TieredCompilation.QuickJitForLoops", "DOTNET_TC_QuickJitForLoops"),
            ("System.Runtime.TieredPGO", "DOTNET_TieredPGO"),
            ("System.GC.Concurrent", "DOTNET_gcConcurrent"),
        ];
        Assert.All(settings, setting =>
        {
            Assert.False(properties.GetProperty(setting.Property).GetBoolean());
            Assert.Equal("0", Environment.GetEnvironmentVariable(setting.Variable));
        });
        Assert.False(properties.TryGetProperty("System.Runtime.TieredCompilation", out _));
    }
}
