using System.Buffers.Binary;
using System.Text;
using GptQuantBench.Inference.Checkpoints;

namespace GptQuantBench.Inference.Tests.Checkpoints;

public sealed class SafetensorsFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_missing_file_is_named() =>
        TestCheckpoints.Refuses(() => SafetensorsFile.Open(_folder["absent.safetensors"]), "absent.safetensors", "does not exist");

    [Fact]
    public void A_folder_in_place_of_the_file_cannot_be_read() =>
        TestCheckpoints.Refuses(() => SafetensorsFile.Open(_folder.Path), _folder.Path, "cannot be read");

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(7)]
    public void A_file_shorter_than_8_bytes_is_refused(int length) => Refuses(new byte[length], $"{length} bytes, fewer than the 8");

    [Fact]
    public void A_header_above_the_cap_is_refused()
    {
        byte[] file = new byte[64];
        BinaryPrimitives.WriteUInt64LittleEndian(file, 100_000_001);
        Refuses(file, "claims 100000001 bytes", "100000000");
    }

    [Fact]
    public void A_header_length_of_all_ones_does_not_overflow()
    {
        byte[] file = new byte[64];
        file.AsSpan(0, 8).Fill(0xFF);
        Refuses(file, "claims 18446744073709551615 bytes");
    }

    [Fact]
    public void A_header_longer_than_the_file_is_refused()
    {
        byte[] file = TestCheckpoints.Bytes("{}", 0);
        BinaryPrimitives.WriteUInt64LittleEndian(file, 3);
        Refuses(file, "claims 3 bytes, but only 2 follow");
    }

    [Theory]
    [InlineData("")]
    [InlineData(" {}")]
    [InlineData("[]")]
    [InlineData("\uFEFF{}")]
    public void A_header_must_begin_with_a_brace(string header) => Refuses(TestCheckpoints.Bytes(header, 0), "does not begin with '{'");

    [Fact]
    public void A_header_that_is_not_UTF8_is_refused() =>
        Refuses(TestCheckpoints.Bytes([.. "{\""u8, 0xFF, 0xFE, .. "\":1}"u8], 0), "not valid UTF-8");

    [Fact]
    public void A_name_with_half_a_surrogate_pair_is_refused() =>
        Refuses("""{"\ud800":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}""", 1, "not valid Unicode");

    [Theory]
    [InlineData("{")]
    [InlineData("{]")]
    [InlineData("""{"a"}""")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}""")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},}""")]
    [InlineData("""{"a":{"dtype":"F32","shape":[[[[1]]]],"data_offsets":[0,4]}}""")]
    [InlineData("""{"a":{"dtype":"F32","shape":[NaN],"data_offsets":[0,4]}}""")]
    public void A_header_that_is_not_JSON_is_refused(string header) => Refuses(header, 4, "not valid JSON");

    [Theory]
    [InlineData("{}\n")]
    [InlineData("{}\0")]
    [InlineData("{} {}")]
    [InlineData("{} x ")]
    public void Only_spaces_may_follow_the_header(string header) => Refuses(header, 0, "something other than spaces");

    [Fact]
    public void Spaces_may_follow_the_header()
    {
        using SafetensorsFile file = Open(TestCheckpoints.Bytes("{}" + new string(' ', 1000), 0));
        Assert.Empty(file.Tensors);
    }

    [Fact]
    public void Metadata_of_strings_is_accepted()
    {
        using SafetensorsFile file = Open(TestCheckpoints.Bytes("""{"__metadata__":{"format":"pt","":""}}""", 0));
        Assert.Empty(file.Tensors);
    }

    [Theory]
    [InlineData("""{"__metadata__":1}""", "is not an object")]
    [InlineData("""{"__metadata__":null}""", "is not an object")]
    [InlineData("""{"__metadata__":{"a":1}}""", "not a string under 'a'")]
    [InlineData("""{"__metadata__":{"a":{}}}""", "not a string under 'a'")]
    [InlineData("""{"__metadata__":{"a":"1","a":"2"}}""", "has the key 'a' twice")]
    [InlineData("""{"__metadata__":{},"__metadata__":{}}""", "names __metadata__ twice")]
    public void Metadata_must_map_strings_to_strings_once(string header, string what) => Refuses(header, 0, what);

    [Theory]
    [InlineData("""{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}""", "names tensor 'a' twice")]
    [InlineData("""{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"\u0061":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}""", "names tensor 'a' twice")]
    [InlineData("""{"a":{"dtype":"U8","dtype":"U8","shape":[2],"data_offsets":[0,2]}}""", "'a' has dtype twice")]
    [InlineData("""{"a":{"dtype":"U8","shape":[2],"shape":[2],"data_offsets":[0,2]}}""", "'a' has shape twice")]
    [InlineData("""{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2],"data_offsets":[0,2]}}""", "'a' has data_offsets twice")]
    public void A_key_that_stands_twice_is_refused(string header, string what) => Refuses(header, 2, what);

    [Theory]
    [InlineData("""{"a":[]}""", "not described by an object")]
    [InlineData("""{"a":{}}""", "does not have dtype")]
    [InlineData("""{"a":{"dtype":"U8","data_offsets":[0,1]}}""", "does not have shape")]
    [InlineData("""{"a":{"dtype":"U8","shape":[1]}}""", "does not have data_offsets")]
    [InlineData("""{"a":{"dtype":"U8","shape":[1],"data_offsets":[0]}}""", "does not have two data_offsets")]
    [InlineData("""{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1,2]}}""", "more than 2 numbers in data_offsets")]
    [InlineData("""{"a":{"dtype":8,"shape":[1],"data_offsets":[0,1]}}""", "a dtype that is not a string")]
    [InlineData("""{"a":{"dtype":"U8","shape":1,"data_offsets":[0,1]}}""", "a shape that is not an array")]
    [InlineData("""{"a":{"dtype":"U8","shape":["1"],"data_offsets":[0,1]}}""", "in shape that is not a whole number")]
    [InlineData("""{"a":{"dtype":"U8","shape":[1.5],"data_offsets":[0,1]}}""", "in shape that is not a whole number")]
    [InlineData("""{"a":{"dtype":"U8","shape":[-1],"data_offsets":[0,1]}}""", "in shape that is not a whole number")]
    [InlineData("""{"a":{"dtype":"U8","shape":[1],"data_offsets":[-1,0]}}""", "in data_offsets that is not a whole number")]
    [InlineData("""{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,18446744073709551616]}}""", "in data_offsets that is not a whole number")]
    [InlineData("""{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"stride":[1]}}""", "unknown key 'stride'")]
    public void A_tensor_needs_type_shape_and_two_offsets(string header, string what) => Refuses(header, 1, "'a'", what);

    [Theory]
    [InlineData("F31")]
    [InlineData("f32")]
    [InlineData("")]
    [InlineData("float32")]
    public void An_unknown_type_is_refused(string type) =>
        Refuses(One(type, "[1]", "[0,4]"), 4, $"'a' has the unknown dtype '{type}'");

    [Theory]
    [InlineData("BOOL", 8)]
    [InlineData("U8", 8)]
    [InlineData("I8", 8)]
    [InlineData("F8_E5M2", 8)]
    [InlineData("F8_E4M3", 8)]
    [InlineData("F8_E8M0", 8)]
    [InlineData("F8_E4M3FNUZ", 8)]
    [InlineData("F8_E5M2FNUZ", 8)]
    [InlineData("I16", 16)]
    [InlineData("U16", 16)]
    [InlineData("F16", 16)]
    [InlineData("BF16", 16)]
    [InlineData("I32", 32)]
    [InlineData("U32", 32)]
    [InlineData("F32", 32)]
    [InlineData("C64", 64)]
    [InlineData("F64", 64)]
    [InlineData("I64", 64)]
    [InlineData("U64", 64)]
    [InlineData("F4", 4)]
    [InlineData("F6_E2M3", 6)]
    [InlineData("F6_E3M2", 6)]
    public void Every_type_of_the_format_has_its_size(string type, int bits)
    {
        int bytes = 12 * bits / 8;
        string header = One(type, "[3,4]", $"[0,{bytes}]");
        using (SafetensorsFile file = Open(TestCheckpoints.Bytes(header, bytes)))
        {
            Assert.Equal(type, file.Tensors["a"].TypeName);
            Assert.Equal(bytes, file.Tensors["a"].ByteLength);
            Assert.Equal(type is not ("F32" or "F16" or "BF16"), file.Tensors["a"].Type == TensorType.Other);
        }

        Refuses(header.Replace("[3,4]", "[3,8]", StringComparison.Ordinal), bytes, $"expected {2 * bytes} for {type}");
    }

    [Theory]
    [InlineData("F4", 3)]
    [InlineData("F6_E2M3", 2)]
    [InlineData("F6_E3M2", 5)]
    public void Elements_below_a_byte_must_fill_whole_bytes(string type, int elements) =>
        Refuses(One(type, $"[{elements}]", "[0,2]"), 2, "'a'", "not whole bytes");

    [Theory]
    [InlineData("[9223372036854775807,2]")]
    [InlineData("[4294967296,4294967296]")]
    [InlineData("[4294967296,4294967296,0]")]
    [InlineData("[9223372036854775807]")]
    public void A_shape_that_overflows_is_refused(string shape) =>
        Refuses(One("F32", shape, "[0,0]"), 0, "'a'", "overflows");

    [Fact]
    public void More_dimensions_than_any_model_has_are_refused()
    {
        string shape = string.Join(',', Enumerable.Repeat(1, 33));
        Refuses(One("U8", $"[{shape}]", "[0,1]"), 1, "more than 32 numbers in shape");
    }

    [Theory]
    [InlineData("[0,3]", "3 bytes in data_offsets, expected 4")]
    [InlineData("[0,5]", "5 bytes in data_offsets, expected 4")]
    [InlineData("[4,0]", "ends at byte 0 before it begins at byte 4")]
    public void The_size_must_be_that_of_shape_and_type(string offsets, string what) =>
        Refuses(One("F32", "[1]", offsets), 4, "'a'", what);

    [Fact]
    public void The_size_of_a_later_tensor_is_counted_from_its_beginning() =>
        Refuses($"{{{Entry("a", "U8", "[1]", "[0,1]")},{Entry("b", "F32", "[1]", "[1,4]")}}}", 4, "'b' has 3 bytes in data_offsets, expected 4");

    [Fact]
    public void Where_JSON_breaks_is_counted_from_1() => Refuses("{\n]", 0, "line 2, byte 1");

    [Theory]
    [InlineData(50_000, true)]
    [InlineData(50_001, false)]
    public void Metadata_has_at_most_50000_keys(int count, bool isTaken)
    {
        byte[] bytes = TestCheckpoints.Bytes($"{{\"__metadata__\":{{{string.Join(',', Enumerable.Range(0, count).Select(i => $"\"{i}\":\"\""))}}}}}", 0);
        if (isTaken)
        {
            Open(bytes).Dispose();
        }
        else
        {
            Refuses(bytes, "more than 50000 keys");
        }
    }

    [Fact]
    public void A_gap_before_the_first_tensor_is_refused() =>
        Refuses("""{"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}""", 2, "'a' leaves a gap", "byte 1, expected byte 0");

    [Fact]
    public void A_gap_between_tensors_is_refused() =>
        Refuses(Two("[0,2]", "[3,5]"), 5, "'b' leaves a gap", "byte 3, expected byte 2");

    [Fact]
    public void An_overlap_is_refused() =>
        Refuses(Two("[0,2]", "[1,3]"), 3, "'b' overlaps the tensor before it", "byte 1, expected byte 2");

    [Fact]
    public void The_same_place_for_two_tensors_is_refused() => Refuses(Two("[0,2]", "[0,2]"), 2, "overlaps the tensor before it");

    [Fact]
    public void A_truncated_file_is_refused() => Refuses(Two("[0,2]", "[2,4]"), 3, "'b' ends at byte 4", "holds only 3");

    [Fact]
    public void Trailing_bytes_are_refused() => Refuses(Two("[0,2]", "[2,4]"), 9, "5 bytes behind its last tensor");

    [Fact]
    public void Data_without_tensors_is_refused() => Refuses("{}", 1, "1 bytes behind its last tensor");

    [Fact]
    public void An_end_near_the_largest_number_does_not_overflow() =>
        Refuses(
            """{"a":{"dtype":"U8","shape":[9223372036854775800],"data_offsets":[0,9223372036854775800]}}""",
            4,
            "overflows");

    [Fact]
    public void Tensors_may_be_listed_in_any_order()
    {
        using SafetensorsFile file = Open(TestCheckpoints.Bytes(Two("[2,4]", "[0,2]"), 4));
        Assert.Equal(["a", "b"], file.Tensors.Keys.Order());
    }

    [Theory]
    [InlineData("[4,4]", "[0,4]")]
    [InlineData("[0,4]", "[4,4]")]
    [InlineData("[0,4]", "[0,0]")]
    [InlineData("[0,0]", "[0,4]")]
    public void An_empty_tensor_may_stand_anywhere(string first, string second)
    {
        string[] tensors = [.. new[] { first, second }.Select((offsets, i) => Entry($"{i}", "F32", offsets == "[0,4]" ? "[1]" : "[0]", offsets))];
        using SafetensorsFile file = Open(TestCheckpoints.Bytes($"{{{string.Join(',', tensors)}}}", 4));
        Assert.Equal(2, file.Tensors.Count);
    }

    [Fact]
    public void Scalars_and_empty_tensors_are_legal()
    {
        using SafetensorsFile file = Open(TestCheckpoints.Bytes(
            """
            {"z":{"dtype":"F32","shape":[0,7],"data_offsets":[4,4]},"s":{"dtype":"F32","shape":[],"data_offsets":[0,4]},
            "y":{"dtype":"F16","shape":[0],"data_offsets":[0,0]}}
            """,
            4));
        float[] scalar = new float[1];
        file.Tensors["s"].ReadFloats(0, scalar);
        Assert.Equal(0f, scalar[0]);
        Assert.Empty(file.Tensors["s"].Shape);
        Assert.Equal([0L, 7L], file.Tensors["z"].Shape);
        file.Tensors["z"].ReadFloats(0, []);
    }

    [Fact]
    public void Messages_stay_one_short_line_whatever_the_name()
    {
        string name = "line\\nbreak" + new string('x', 200);
        string message = Assert.Throws<Inference.Models.ModelFormatException>(() =>
            Open(TestCheckpoints.Bytes($"{{\"{name}\":{{}}}}", 0)).Dispose()).Message;
        Assert.DoesNotContain('\n', message);
        Assert.InRange(message.Length, 1, 600);
    }

    [Fact]
    public void A_hostile_number_of_tensors_is_refused_before_memory_is_spent()
    {
        var header = new StringBuilder("{");
        for (int i = 0; i < 50_001; i++)
        {
            header.Append(i == 0 ? "" : ",").Append(Entry($"{i}", "U8", "[0]", "[0,0]"));
        }

        Refuses(header.Append('}').ToString(), 0, "more than 50000 tensors");
    }

    [Theory]
    [InlineData("{\"NAME\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}")]
    [InlineData("{\"__metadata__\":{\"NAME\":\"\"}}")]
    [InlineData("{\"a\":{\"NAME\":0}}")]
    [InlineData("{\"a\":{\"dtype\":\"NAME\"}}")]
    public void A_name_that_is_long_for_its_own_sake_is_refused(string header) =>
        Refuses(header.Replace("NAME", new string('x', 257), StringComparison.Ordinal), 0, "a name of 257 bytes, more than 256");

    [Fact]
    public void A_name_may_have_256_bytes_and_metadata_may_be_long()
    {
        string name = new('x', 256);
        using SafetensorsFile file = Open(TestCheckpoints.Bytes(
            $"{{\"__metadata__\":{{\"{name}\":\"{new string('y', 100_000)}\"}},\"{name}\":{{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}}}", 0));
        Assert.Equal(name, Assert.Single(file.Tensors).Key);
    }

    [Fact]
    public void The_file_is_free_again_after_an_error_and_after_dispose()
    {
        string path = _folder["a.safetensors"];
        File.WriteAllBytes(path, TestCheckpoints.Bytes("{}", 1));
        Assert.Throws<Inference.Models.ModelFormatException>(() => SafetensorsFile.Open(path));
        File.WriteAllBytes(path, TestCheckpoints.Bytes("{}", 0));
        SafetensorsFile file = SafetensorsFile.Open(path);
        file.Dispose();
        file.Dispose();
        using FileStream exclusive = new(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        Assert.Equal(10, exclusive.Length);
    }

    /// <summary>A mapping that stays holds the file's blocks, though it is deleted.</summary>
    [Fact]
    public void Nothing_stays_mapped_after_an_error_and_after_dispose()
    {
        Assert.SkipUnless(File.Exists("/proc/self/maps"), "This system does not list what a process has mapped.");
        string path = _folder["mapped.safetensors"];
        File.WriteAllBytes(path, TestCheckpoints.Bytes("{}", 1));
        Assert.Throws<Inference.Models.ModelFormatException>(() => SafetensorsFile.Open(path));
        Assert.DoesNotContain(path, File.ReadAllText("/proc/self/maps"), StringComparison.Ordinal);
        File.WriteAllBytes(path, TestCheckpoints.Bytes("{}", 0));
        using (SafetensorsFile.Open(path))
        {
            Assert.Contains(path, File.ReadAllText("/proc/self/maps"), StringComparison.Ordinal);
        }

        Assert.DoesNotContain(path, File.ReadAllText("/proc/self/maps"), StringComparison.Ordinal);
    }

    [Fact]
    public void The_trained_fixture_opens()
    {
        using SafetensorsFile file = SafetensorsFile.Open(Path.Combine(Fixtures.Gpt2Nano, "model.safetensors"));
        Assert.Equal(76, file.Tensors.Count);
        Assert.Equal([50257L, 192L], file.Tensors["wte.weight"].Shape);
        Assert.Equal(TensorType.Float16, file.Tensors["wte.weight"].Type);
    }

    private static string One(string type, string shape, string offsets) => "{" + Entry("a", type, shape, offsets) + "}";

    private static string Two(string first, string second) =>
        "{" + Entry("a", "U8", "[2]", first) + "," + Entry("b", "U8", "[2]", second) + "}";

    private static string Entry(string name, string type, string shape, string offsets) =>
        $"\"{name}\":{{\"dtype\":\"{type}\",\"shape\":{shape},\"data_offsets\":{offsets}}}";

    private SafetensorsFile Open(byte[] bytes)
    {
        string path = _folder["file.safetensors"];
        File.WriteAllBytes(path, bytes);
        return SafetensorsFile.Open(path);
    }

    private void Refuses(string header, int dataLength, params string[] parts) => Refuses(TestCheckpoints.Bytes(header, dataLength), parts);

    private void Refuses(byte[] bytes, params string[] parts) =>
        TestCheckpoints.Refuses(() => Open(bytes).Dispose(), [_folder["file.safetensors"], .. parts]);
}
