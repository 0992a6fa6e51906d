using GptQuantBench.Cuda.Native;

namespace GptQuantBench.Cuda.Tests.Native;

public sealed class NativeLibraryCandidatesTests
{
    private readonly FakeFileSystem _files = new();

    [Fact]
    public void The_driver_has_one_name_per_platform()
    {
        Assert.Equal(["libcuda.so.1"], Candidates(NativeLibraryKind.Driver));
        Assert.Equal(["nvcuda.dll"], Candidates(NativeLibraryKind.Driver, windows: true));
    }

    [Fact]
    public void NVML_has_one_name_per_platform()
    {
        Assert.Equal(["libnvidia-ml.so.1"], Candidates(NativeLibraryKind.Nvml));
        Assert.Equal(["nvml.dll"], Candidates(NativeLibraryKind.Nvml, windows: true));
    }

    [Fact]
    public void The_newest_cuBLAS_is_tried_first()
    {
        Assert.Equal(["libcublas.so.13", "libcublas.so.12", "libcublas.so.11"], Candidates(NativeLibraryKind.CuBlas));
        Assert.Equal(["cublas64_13.dll", "cublas64_12.dll", "cublas64_11.dll"], Candidates(NativeLibraryKind.CuBlas, windows: true));
    }

    [Fact]
    public void The_folder_in_the_variable_goes_before_everything_else()
    {
        _files.Variables["GPTQUANTBENCH_CUBLAS"] = "/opt/cublas";
        _files.Files.Add("/opt/cublas/libcublas.so.11");
        _files.Files.Add("/opt/cublas/libcublas.so.12");

        Assert.Equal(
            ["/opt/cublas/libcublas.so.12", "/opt/cublas/libcublas.so.11", "libcublas.so.13", "libcublas.so.12", "libcublas.so.11"],
            Candidates(NativeLibraryKind.CuBlas));
    }

    [Fact]
    public void The_file_in_the_variable_goes_before_everything_else()
    {
        _files.Variables["GPTQUANTBENCH_CUBLAS"] = "/opt/my-cublas.so";
        _files.Files.Add("/opt/my-cublas.so");

        Assert.Equal("/opt/my-cublas.so", Candidates(NativeLibraryKind.CuBlas)[0]);
    }

    [Fact]
    public void Toolkit_folders_follow_the_bare_names_newest_toolkit_first()
    {
        _files.FolderLists["/usr/local"] =
            ["/usr/local/cuda-9.2", "/usr/local/cuda-12.8", "/usr/local/cuda-12", "/usr/local/cuda-11.8", "/usr/local/cuda-old"];
        _files.Files.Add("/usr/local/cuda/lib64/libcublas.so.12");
        _files.Files.Add("/usr/local/cuda-12.8/lib64/libcublas.so.12");
        _files.Files.Add("/usr/local/cuda-12/lib64/libcublas.so.12");
        _files.Files.Add("/usr/local/cuda-11.8/lib64/libcublas.so.11");

        Assert.Equal(
            [
                "/usr/local/cuda/lib64/libcublas.so.12",
                "/usr/local/cuda-12.8/lib64/libcublas.so.12",
                "/usr/local/cuda-12/lib64/libcublas.so.12",
                "/usr/local/cuda-11.8/lib64/libcublas.so.11",
            ],
            Candidates(NativeLibraryKind.CuBlas).Skip(3));
    }

    [Fact]
    public void A_pip_installation_is_found_from_any_of_its_folders()
    {
        _files.Variables["LD_LIBRARY_PATH"] = "/site/nvidia/cuda_runtime/lib:/elsewhere";
        _files.Files.Add("/site/nvidia/cublas/lib/libcublas.so.12");

        string found = Assert.Single(Candidates(NativeLibraryKind.CuBlas).Skip(3));
        Assert.Equal("/site/nvidia/cublas/lib/libcublas.so.12", Path.GetFullPath(found));
    }

    [Fact]
    public void A_path_is_listed_once()
    {
        _files.Variables["CUDA_PATH"] = "/usr/local/cuda";
        _files.Files.Add("/usr/local/cuda/lib64/libcublas.so.13");

        Assert.Single(Candidates(NativeLibraryKind.CuBlas), "/usr/local/cuda/lib64/libcublas.so.13");
    }

    private IReadOnlyList<string> Candidates(NativeLibraryKind kind, bool windows = false) =>
        NativeLibraryCandidates.For(kind, windows, _files);
}
