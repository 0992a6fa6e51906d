using System.Collections;
using System.CommandLine;
using System.Reflection;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.ConsoleArguments;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Running;
using OptionAttribute = CommandLine.OptionAttribute;

namespace GptQuantBench.Commands;

/// <summary>
/// BenchmarkDotNet's own options, read from its option class so that this program knows all of them and invents no second name. They
/// are recognised here, and handed on as they were written.
/// </summary>
internal sealed class BenchmarkDotNetOptions
{
    private readonly Dictionary<string, Option<string[]>> _byName = [];

    public BenchmarkDotNetOptions()
    {
        foreach (var property in typeof(CommandLineOptions).GetProperties())
        {
            if (property.GetCustomAttribute<OptionAttribute>() is not { } attribute)
            {
                continue;
            }

            var arity = ArityOf(property.PropertyType);
            string[] aliases = attribute.ShortName.Length > 0 ? [$"-{attribute.ShortName}"] : [];
            _byName.Add(attribute.LongName, new Option<string[]>($"--{attribute.LongName}", aliases)
            {
                Description = attribute.HelpText,
                Arity = arity,
                CustomParser = static argument => [.. argument.Tokens.Select(token => token.Value)],
                AllowMultipleArgumentsPerToken = arity.MaximumNumberOfValues > 1,
            });
        }
    }

    /// <summary>All of them.</summary>
    public IReadOnlyCollection<Option> All => _byName.Values;

    /// <summary>The option of a long name without dashes.</summary>
    public Option<string[]> this[string longName] => _byName[longName];

    /// <summary>The options that were given, as arguments for BenchmarkDotNet; without those named in <paramref name="except"/>.</summary>
    public string[] Arguments(ParseResult result, params string[] except) =>
    [
        .. _byName
            .Where(option => !except.Contains(option.Key) && result.GetResult(option.Value) is { Implicit: false })
            .SelectMany(option => (string[])[$"--{option.Key}", .. result.GetValue(option.Value) ?? []]),
    ];

    /// <summary>The benchmarks of a class, with a configuration of ours and BenchmarkDotNet's own arguments.</summary>
    /// <exception cref="UserErrorException">BenchmarkDotNet does not accept its arguments.</exception>
    public static BenchmarkRunInfo Benchmarks(Type type, ManualConfig own, string[] arguments)
    {
        var log = new AccumulationLogger();
        var (isParsed, parsed, _) = ConfigParser.Parse(arguments, log, own);
        return isParsed
            ? BenchmarkConverter.TypeToBenchmarks(type, ManualConfig.Union(own, parsed))
            : throw new UserErrorException($"BenchmarkDotNet does not accept its options: {log.GetLog().ReplaceLineEndings(" ").Trim()}");
    }

    private static ArgumentArity ArityOf(Type type) => type switch
    {
        _ when type == typeof(bool) => ArgumentArity.Zero,
        _ when type != typeof(string) && typeof(IEnumerable).IsAssignableFrom(type) => ArgumentArity.OneOrMore,
        _ => ArgumentArity.ExactlyOne,
    };
}
