using System.Reflection;
using System.Runtime.CompilerServices;

namespace GptQuantBench.Cuda;

/// <summary>Where each field of an argument struct lies; found once per type, so that a launch allocates nothing.</summary>
/// <typeparam name="T">
/// A sequential struct whose fields are the kernel's parameters in order, or the type of one single parameter. C# lays such a struct out
/// as C does: each field at the next multiple of its alignment.
/// </typeparam>
internal static class ArgumentLayout<T>
    where T : unmanaged
{
    static ArgumentLayout()
    {
        Type type = typeof(T);
        if (type.IsPrimitive || type.IsEnum)
        {
            Offsets = [0];
            Sizes = [Unsafe.SizeOf<T>()];
            return;
        }

        FieldInfo[] fields = type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic);
        Array.Sort(fields, static (left, right) => left.MetadataToken.CompareTo(right.MetadataToken));
        Offsets = new int[fields.Length];
        Sizes = new int[fields.Length];
        int end = 0;
        int largest = 1;
        for (int i = 0; i < fields.Length; i++)
        {
            (int size, int alignment) = Measure(fields[i].FieldType);
            Offsets[i] = RoundUp(end, alignment);
            Sizes[i] = size;
            end = Offsets[i] + size;
            largest = Math.Max(largest, alignment);
        }

        if (!type.IsLayoutSequential || RoundUp(end, largest) != Unsafe.SizeOf<T>())
        {
            // Kept and not thrown here, where it would surface as a TypeInitializationException.
            Problem = $"{type.Name} cannot hold kernel arguments, so make it a struct of sequential layout without packing.";
        }
    }

    /// <summary>Offsets of the fields in bytes, in order.</summary>
    public static int[] Offsets { get; }

    /// <summary>Sizes of the fields in bytes, in order.</summary>
    public static int[] Sizes { get; }

    /// <summary>Why the type cannot hold arguments; null where it can.</summary>
    public static string? Problem { get; }

    private static (int Size, int Alignment) Measure(Type type)
    {
        Type measured = type.IsPointer || type.IsFunctionPointer ? typeof(nint) : type;
        return ((int, int))typeof(ArgumentLayout<T>)
            .GetMethod(nameof(MeasureAs), BindingFlags.Static | BindingFlags.NonPublic)!
            .MakeGenericMethod(measured)
            .Invoke(null, null)!;
    }

    private static (int Size, int Alignment) MeasureAs<TField>()
        where TField : unmanaged
    {
        int size = Unsafe.SizeOf<TField>();
        return (size, Unsafe.SizeOf<AlignmentProbe<TField>>() - size);
    }

    private static int RoundUp(int value, int multiple) => (value + multiple - 1) / multiple * multiple;
}
