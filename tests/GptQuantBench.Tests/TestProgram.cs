using System.Diagnostics;
using System.Text;

namespace GptQuantBench.Tests;

/// <summary>The program as a user starts it: a process of its own.</summary>
internal sealed class TestProgram : IDisposable
{
    private readonly StringBuilder _stdout = new();
    private readonly StringBuilder _stderr = new();
    private readonly TemporaryFolder _temporary;

    private TestProgram(Process process, TemporaryFolder temporary)
    {
        Process = process;
        _temporary = temporary;
        process.OutputDataReceived += (_, line) => Append(_stdout, line.Data);
        process.ErrorDataReceived += (_, line) => Append(_stderr, line.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>The process.</summary>
    public Process Process { get; }

    /// <summary>The names of what lies in its folder for temporary files, unless the environment names another.</summary>
    public IEnumerable<string> TemporaryFiles => Directory.EnumerateFileSystemEntries(_temporary.FullName).Select(path => Path.GetFileName(path));

    /// <summary>Starts the program, or a command that does, and does not wait.</summary>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="folder">The current folder; the repository's where not given.</param>
    /// <param name="environment">Variables that are set, or removed where null.</param>
    /// <param name="program">Folder of the program; where not given, of the one that was built with these tests.</param>
    /// <param name="launcher">What starts the program; where not given, nothing else does.</param>
    public static TestProgram Start(
        IEnumerable<string> arguments,
        string? folder = null,
        IReadOnlyDictionary<string, string?>? environment = null,
        string? program = null,
        IEnumerable<string>? launcher = null)
    {
        string[] command = [.. launcher ?? [], "dotnet", Path.Combine(program ?? AppContext.BaseDirectory, "GptQuantBench.dll"), .. arguments];
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
            StandardInputEncoding = new UTF8Encoding(false),
            WorkingDirectory = folder ?? Repository.Root,
        };
        // The tests must not find what this machine's owner has downloaded.
        start.Environment["HF_HOME"] = Path.Combine(Path.GetTempPath(), "gptquantbench-no-such-cache");
        start.Environment.Remove("HF_HUB_CACHE");
        // Nor may they wait for a network.
        start.Environment["HF_HUB_OFFLINE"] = "1";
        // What a killed process leaves there (records, the sockets of .NET's diagnostics) goes with the folder.
        var temporary = new TemporaryFolder();
        start.Environment["TMPDIR"] = temporary.FullName;
        foreach (var (name, value) in environment ?? new Dictionary<string, string?>())
        {
            start.Environment[name] = value;
        }

        return new TestProgram(new Process { StartInfo = start }, temporary);
    }

    /// <summary>Runs the program to its end.</summary>
    public static Outcome Run(
        IEnumerable<string> arguments,
        string? input = null,
        string? folder = null,
        IReadOnlyDictionary<string, string?>? environment = null,
        string? program = null,
        IEnumerable<string>? launcher = null)
    {
        using var started = Start(arguments, folder, environment, program, launcher);
        started.Process.StandardInput.Write(input ?? "");
        started.Process.StandardInput.Close();
        return started.WaitForExit(TimeSpan.FromMinutes(8));
    }

    /// <summary>Waits for the end.</summary>
    public Outcome WaitForExit(TimeSpan limit)
    {
        if (!Process.WaitForExit(limit))
        {
            Process.Kill(entireProcessTree: true);
            Assert.Fail($"The program did not end within {limit}; it wrote: {_stdout} {_stderr}");
        }

        Process.WaitForExit();
        return new Outcome(Process.ExitCode, _stdout.ToString(), _stderr.ToString());
    }

    /// <summary>What the program has written to stdout so far.</summary>
    public string OutputSoFar
    {
        get
        {
            lock (_stdout)
            {
                return _stdout.ToString();
            }
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        if (!Process.HasExited)
        {
            Process.Kill(entireProcessTree: true);
            Process.WaitForExit();
        }

        Process.Dispose();
        _temporary.Dispose();
    }

    private static void Append(StringBuilder builder, string? line)
    {
        lock (builder)
        {
            builder.Append(line).Append(line is null ? "" : "\n");
        }
    }
}
