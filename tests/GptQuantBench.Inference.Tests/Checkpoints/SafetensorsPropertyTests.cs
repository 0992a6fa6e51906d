using System.Runtime.InteropServices;
using CsCheck;
using GptQuantBench.Inference.Checkpoints;
using GptQuantBench.Inference.Models;

namespace GptQuantBench.Inference.Tests.Checkpoints;

public sealed class SafetensorsPropertyTests : IDisposable
{
    private static readonly string[] _types =
        ["BOOL", "U8", "I8", "F8_E4M3", "I16", "U16", "F16", "BF16", "I32", "U32", "F32", "F64", "I64", "U64", "C64"];

    private static readonly Gen<(string Name, string TypeName, long[] Shape, byte[] Data)> _tensor =
        Gen.Select(Gen.String, Gen.Int[0, _types.Length - 1].Select(i => _types[i]), Gen.Int[0, 5].Array[0, 4], Gen.ULong).Select((name, type, shape, seed) =>
        {
            long[] dimensions = [.. shape.Select(dimension => (long)dimension)];
            byte[] data = new byte[dimensions.Aggregate(1L, (product, d) => product * d) * Bytes(type)];
            new Random((int)seed).NextBytes(data);
            return (name, type, dimensions, data);
        });

    private static readonly Gen<(string Name, string TypeName, long[] Shape, byte[] Data)[]> _tensors =
        _tensor.Array[0, 8].Select(tensors => tensors
            .Where(tensor => tensor.Name != "__metadata__" && IsUnicode(tensor.Name))
            .DistinctBy(tensor => tensor.Name)
            .ToArray());

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_is_written_is_read_again() => _tensors.Sample(
        tensors =>
        {
            string path = Write(tensors);
            using (SafetensorsFile file = SafetensorsFile.Open(path))
            {
                Assert.Equal(tensors.Length, file.Tensors.Count);
                foreach ((string name, string typeName, long[] shape, byte[] data) in tensors)
                {
                    CheckpointTensor tensor = file.Tensors[name];
                    Assert.Equal(typeName, tensor.TypeName);
                    Assert.Equal(shape, tensor.Shape);
                    Assert.True(Data(tensor).SequenceEqual(data));
                }
            }

            File.Delete(path);
        },
        iter: 300);

    [Fact]
    public void Corrupted_bytes_are_read_or_refused_but_never_crash() => Gen.Select(
        _tensors, Gen.Select(Gen.Int[0, 2000], Gen.Byte).Array[1, 6], Gen.Int[-20, 20]).Sample(
        (tensors, changes, cut) =>
        {
            string path = Write(tensors);
            byte[] bytes = File.ReadAllBytes(path);
            foreach ((int position, byte value) in changes)
            {
                bytes[position % bytes.Length] = value;
            }

            Array.Resize(ref bytes, Math.Max(0, bytes.Length + cut));
            File.WriteAllBytes(path, bytes);
            OpenOrRefuse(path);
            File.Delete(path);
        },
        iter: 1000);

    [Fact]
    public void Any_short_text_as_header_is_read_or_refused_but_never_crashes()
    {
        string[] tokens =
            ["{", "}", "[", "]", ",", ":", "\"a\"", "\"dtype\"", "\"shape\"", "\"data_offsets\"", "\"F32\"", "0", "4", "-1", "1e400", "\"__metadata__\"", "null", " ", "\"\\ud800\""];
        Gen.Int[0, tokens.Length - 1].Select(i => tokens[i]).Array[0, 24].Sample(
            parts =>
            {
                string path = _folder[Guid.NewGuid().ToString("N")];
                File.WriteAllBytes(path, TestCheckpoints.Bytes("{" + string.Concat(parts), 4));
                OpenOrRefuse(path);
                File.Delete(path);
            },
            iter: 2000);
    }

    private static void OpenOrRefuse(string path)
    {
        try
        {
            using SafetensorsFile file = SafetensorsFile.Open(path);
            Assert.All(file.Tensors.Values, tensor => Assert.Equal(tensor.ByteLength, Data(tensor).Length));
        }
        catch (ModelFormatException e)
        {
            Assert.Contains(path, e.Message, StringComparison.Ordinal);
        }
    }

    private static unsafe ReadOnlySpan<byte> Data(CheckpointTensor tensor) => new(tensor.Data, checked((int)tensor.ByteLength));

    private static bool IsUnicode(string text)
    {
        try
        {
            _ = new System.Text.UTF8Encoding(false, throwOnInvalidBytes: true).GetByteCount(text);
            return true;
        }
        catch (System.Text.EncoderFallbackException)
        {
            return false;
        }
    }

    private static int Bytes(string type) => type switch
    {
        "BOOL" or "U8" or "I8" or "F8_E4M3" => 1,
        "I16" or "U16" => 2,
        "F16" or "BF16" => Marshal.SizeOf<Half>(),
        "I32" or "U32" or "F32" => 4,
        _ => 8,
    };

    private string Write((string Name, string TypeName, long[] Shape, byte[] Data)[] tensors)
    {
        string path = _folder[Guid.NewGuid().ToString("N")];
        TestCheckpoints.Write(path, tensors, new Dictionary<string, string> { ["format"] = "pt" });
        return path;
    }
}
