using System.Reflection;

namespace GptQuantBench.Mutation;

/// <summary>The only test that Stryker sees: it keeps the assembly with all mutants in it, which Stryker takes away when it is done.</summary>
public class MutantKeeper
{
    [Fact]
    public void KeepsTheAssemblyWithTheMutants()
    {
        var folder = Environment.GetEnvironmentVariable("MUTATION_RESULTS")!;
        var name = Environment.GetEnvironmentVariable("MUTATED_ASSEMBLY")!;
        var path = Path.Combine(AppContext.BaseDirectory, name);
        File.Copy(path, Path.Combine(folder, name), overwrite: true);
        // With a test that reaches no mutant, Stryker would try them all.
        Assembly.LoadFrom(path).GetTypes().FirstOrDefault(type => type.Name == "MutantControl")?.GetMethod("IsActive")!.Invoke(null, [0]);
    }
}
