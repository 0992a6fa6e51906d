using System.Globalization;
using System.Text;

namespace GptQuantBench.Gpu.Tests;

/// <summary>Small kernels, one for each thing that the bindings can do.</summary>
internal static class Ptx
{
    /// <summary>
    /// vector_add(float* a, float* b, float* c, int n); meet(unsigned* arrived, unsigned* seen), where block x waits for all blocks and
    /// writes how many arrived; last_word(int* out, int bytes), which writes and reads the last word of its dynamic shared memory;
    /// write_at(int* p); and the variable answer.
    /// </summary>
    public static ReadOnlySpan<byte> Baseline => """
        .version 7.0
        .target sm_80
        .address_size 64

        .extern .shared .align 4 .b8 dynamic_shared[];
        .visible .global .align 4 .u32 answer = 42;

        .visible .entry vector_add(.param .u64 a, .param .u64 b, .param .u64 c, .param .u32 n)
        {
            .reg .pred %p<2>;
            .reg .b32 %r<6>;
            .reg .f32 %f<4>;
            .reg .b64 %rd<8>;
            ld.param.u32 %r1, [n];
            mov.u32 %r2, %ctaid.x;
            mov.u32 %r3, %ntid.x;
            mov.u32 %r4, %tid.x;
            mad.lo.s32 %r5, %r2, %r3, %r4;
            setp.ge.s32 %p1, %r5, %r1;
            @%p1 bra DONE;
            ld.param.u64 %rd1, [a];
            ld.param.u64 %rd2, [b];
            ld.param.u64 %rd3, [c];
            mul.wide.u32 %rd4, %r5, 4;
            add.s64 %rd5, %rd1, %rd4;
            add.s64 %rd6, %rd2, %rd4;
            add.s64 %rd7, %rd3, %rd4;
            ld.global.f32 %f1, [%rd5];
            ld.global.f32 %f2, [%rd6];
            add.f32 %f3, %f1, %f2;
            st.global.f32 [%rd7], %f3;
        DONE:
            ret;
        }

        .visible .entry meet(.param .u64 arrived, .param .u64 seen)
        {
            .reg .pred %p<2>;
            .reg .b32 %r<4>;
            .reg .b64 %rd<5>;
            ld.param.u64 %rd1, [arrived];
            ld.param.u64 %rd2, [seen];
            red.global.add.u32 [%rd1], 1;
            mov.u32 %r1, %nctaid.x;
        WAIT:
            ld.acquire.gpu.u32 %r2, [%rd1];
            setp.lt.u32 %p1, %r2, %r1;
            @%p1 bra WAIT;
            mov.u32 %r3, %ctaid.x;
            mul.wide.u32 %rd3, %r3, 4;
            add.s64 %rd4, %rd2, %rd3;
            st.global.u32 [%rd4], %r2;
            ret;
        }

        .visible .entry last_word(.param .u64 out, .param .u32 bytes)
        {
            .reg .b32 %r<6>;
            .reg .b64 %rd<2>;
            ld.param.u64 %rd1, [out];
            ld.param.u32 %r1, [bytes];
            mov.u32 %r2, dynamic_shared;
            add.u32 %r3, %r2, %r1;
            mov.u32 %r4, 1234;
            st.volatile.shared.u32 [%r3+-4], %r4;
            ld.volatile.shared.u32 %r5, [%r3+-4];
            st.global.u32 [%rd1], %r5;
            ret;
        }

        .visible .entry write_at(.param .u64 p)
        {
            .reg .b32 %r<2>;
            .reg .b64 %rd<2>;
            ld.param.u64 %rd1, [p];
            mov.u32 %r1, 1;
            st.global.u32 [%rd1], %r1;
            ret;
        }
        """u8;

    /// <summary>
    /// increment(int* p), which lets the next kernel start at once and itself waits for the one before; cluster_size(int* out).
    /// </summary>
    public static ReadOnlySpan<byte> Hopper => """
        .version 7.8
        .target sm_90
        .address_size 64

        .visible .entry increment(.param .u64 p)
        {
            .reg .b32 %r<3>;
            .reg .b64 %rd<2>;
            griddepcontrol.launch_dependents;
            griddepcontrol.wait;
            ld.param.u64 %rd1, [p];
            ld.global.u32 %r1, [%rd1];
            add.u32 %r2, %r1, 1;
            st.global.u32 [%rd1], %r2;
            ret;
        }

        .visible .entry cluster_size(.param .u64 out)
        {
            .reg .b32 %r<3>;
            .reg .b64 %rd<4>;
            ld.param.u64 %rd1, [out];
            mov.u32 %r1, %cluster_nctaid.x;
            mov.u32 %r2, %ctaid.x;
            mul.wide.u32 %rd2, %r2, 4;
            add.s64 %rd3, %rd1, %rd2;
            st.global.u32 [%rd3], %r1;
            ret;
        }
        """u8;

    /// <summary>A kernel with an instruction that does not exist.</summary>
    public static ReadOnlySpan<byte> Broken => """
        .version 7.0
        .target sm_80
        .address_size 64
        .visible .entry broken() { frobnicate.u32 %r1, %r2; ret; }
        """u8;

    /// <summary>PTX newer than any driver.</summary>
    public static ReadOnlySpan<byte> FromTheFuture => """
        .version 99.0
        .target sm_80
        .address_size 64
        .visible .entry future() { ret; }
        """u8;

    /// <summary>reverse(unsigned* p): loads words in order and stores them in reverse, so that all are in registers at once.</summary>
    public static byte[] ManyRegisters(int words)
    {
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $$"""
            .version 7.0
            .target sm_80
            .address_size 64
            .visible .entry reverse(.param .u64 p)
            {
                .reg .b32 %r<{{words}}>;
                .reg .b64 %rd<2>;
                ld.param.u64 %rd1, [p];

            """);
        for (int i = 0; i < words; i++)
        {
            text.Append(CultureInfo.InvariantCulture, $"    ld.volatile.global.u32 %r{i}, [%rd1+{4 * i}];\n");
        }

        for (int i = 0; i < words; i++)
        {
            text.Append(CultureInfo.InvariantCulture, $"    st.volatile.global.u32 [%rd1+{4 * i}], %r{words - 1 - i};\n");
        }

        return Encoding.ASCII.GetBytes(text.Append("    ret;\n}\n").ToString());
    }
}
