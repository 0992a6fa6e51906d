using GptQuantBench.Cuda.Native;

namespace GptQuantBench.Cuda.Tests.Native;

public sealed class NativeLibraryLoaderTests
{
    private readonly FakeFileSystem _files = new();
    private readonly List<string> _tried = [];

    [Theory]
    [InlineData("libcublas.so.13")]
    [InlineData("libcublas.so.12")]
    [InlineData("libcublas.so.11")]
    public void CuBLAS_of_each_version_is_found(string installed)
    {
        NativeLibraryLoader loader = Loader(NativeLibraryKind.CuBlas, installed);

        Assert.Equal(42, loader.Load());
        Assert.Equal(installed, loader.LoadedName);
        Assert.Equal(installed, _tried[^1]);
    }

    [Theory]
    [InlineData("cublas64_13.dll")]
    [InlineData("cublas64_12.dll")]
    [InlineData("cublas64_11.dll")]
    public void CuBLAS_of_each_version_is_found_on_Windows(string installed)
    {
        NativeLibraryLoader loader = Loader(NativeLibraryKind.CuBlas, installed, windows: true);

        Assert.Equal(42, loader.Load());
        Assert.Equal(installed, loader.LoadedName);
    }

    [Fact]
    public void A_library_is_loaded_once()
    {
        NativeLibraryLoader loader = Loader(NativeLibraryKind.Driver, "libcuda.so.1");

        loader.Load();
        loader.Load();

        Assert.Single(_tried);
    }

    [Fact]
    public void CuBLASLt_beside_cuBLAS_is_loaded_before_it()
    {
        _files.Variables["GPTQUANTBENCH_CUBLAS"] = "/opt/cublas";
        _files.Files.Add("/opt/cublas/libcublas.so.12");
        _files.Files.Add("/opt/cublas/libcublasLt.so.12");

        Loader(NativeLibraryKind.CuBlas, "/opt/cublas/libcublas.so.12").Load();

        Assert.Equal(["/opt/cublas/libcublasLt.so.12", "/opt/cublas/libcublas.so.12"], _tried);
    }

    [Fact]
    public void A_library_installed_later_is_found_at_the_next_call()
    {
        bool installed = false;
        NativeLibraryLoader loader = new(NativeLibraryKind.Nvml, false, _files, _ => installed ? 42 : 0);
        Assert.Throws<CudaLibraryException>(() => loader.Load());

        installed = true;

        Assert.Equal(42, loader.Load());
    }

    [Theory]
    [InlineData(nameof(NativeLibraryKind.Driver), "libcuda.so.1", "install NVIDIA's driver")]
    [InlineData(nameof(NativeLibraryKind.CuBlas), "libcublas.so.13, libcublas.so.12, libcublas.so.11", "GPTQUANTBENCH_CUBLAS")]
    [InlineData(nameof(NativeLibraryKind.Nvml), "libnvidia-ml.so.1", "install NVIDIA's driver")]
    public void A_missing_library_gives_one_sentence_with_what_was_tried_and_what_to_do(string kind, string tried, string advice)
    {
        NativeLibraryLoader loader = Loader(Enum.Parse<NativeLibraryKind>(kind), "none");

        CudaLibraryException error = Assert.Throws<CudaLibraryException>(() => loader.Load());

        Assert.Contains(tried, error.Message, StringComparison.Ordinal);
        Assert.Contains(advice, error.Message, StringComparison.Ordinal);
        Sentences.AssertOne(error.Message);
        Assert.Null(loader.LoadedName);
    }

    private NativeLibraryLoader Loader(NativeLibraryKind kind, string installed, bool windows = false) => new(
        kind,
        windows,
        _files,
        name =>
        {
            _tried.Add(name);
            return name == installed ? 42 : 0;
        });
}
