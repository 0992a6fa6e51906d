using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using GptQuantBench.Inference.Memory;
using GptQuantBench.Inference.Models;

namespace GptQuantBench.Inference.Quantization;

/// <summary>A matrix [rows, columns] = [out, in] in a packed format, in native memory; <see cref="PackedLayout"/> draws it.</summary>
public sealed unsafe class PackedMatrix : IDisposable
{
    private readonly NativeBuffer<byte> _codes;
    private readonly NativeBuffer<byte>? _scales;
    private readonly NativeBuffer<byte>? _minima;

    /// <summary>Allocates; every row must be set before it is read.</summary>
    /// <exception cref="InsufficientMemoryException">The system does not give that much.</exception>
    public PackedMatrix(MemoryLedger ledger, PackedLayout layout)
    {
        Layout = layout;
        try
        {
            _codes = new(ledger, MemoryCategory.Weights, layout.CodeBytes, BufferFill.None);
            _scales = layout.ScaleBytes == 0 ? null : new(ledger, MemoryCategory.Weights, layout.ScaleBytes, BufferFill.None);
            _minima = layout.MinimumBytes == 0 ? null : new(ledger, MemoryCategory.Weights, layout.MinimumBytes, BufferFill.None);
        }
        catch (InsufficientMemoryException)
        {
            Dispose();
            throw;
        }

        View = new()
        {
            Codes = _codes.Data,
            RowScales = layout.IsGrouped || _scales is null ? null : (float*)_scales.Data,
            GroupScales = layout.IsGrouped ? (ushort*)_scales!.Data : null,
            GroupMinima = _minima is null ? null : (ushort*)_minima.Data,
            Rows = layout.Rows,
            BlocksPerRow = layout.BlocksPerRow,
            GroupsPerRow = layout.GroupsPerRow,
            GroupShift = layout.GroupShift,
            Bits = layout.Format.Bits,
        };
    }

    /// <summary>Format, shape and where the parts lie.</summary>
    public PackedLayout Layout { get; }

    /// <summary>Codes, <see cref="PackedLayout.CodeBytes"/> long.</summary>
    public ReadOnlySpan<byte> Codes => _codes.Slice(0, checked((int)_codes.Length));

    /// <summary>Bytes of the scales, <see cref="PackedLayout.ScaleBytes"/> long.</summary>
    public ReadOnlySpan<byte> Scales => _scales is null ? [] : _scales.Slice(0, checked((int)_scales.Length));

    /// <summary>Bytes of the minima, <see cref="PackedLayout.MinimumBytes"/> long.</summary>
    public ReadOnlySpan<byte> Minima => _minima is null ? [] : _minima.Slice(0, checked((int)_minima.Length));

    internal PackedMatrixView View { get; }

    /// <summary>Packs a whole matrix.</summary>
    /// <param name="ledger">Counts the memory.</param>
    /// <param name="format">The format.</param>
    /// <param name="rows">Outputs.</param>
    /// <param name="columns">Inputs.</param>
    /// <param name="values">[rows, columns], row-major.</param>
    /// <param name="source">What the values are, for messages, e.g. <c>Tensor 'wte.weight' of model.safetensors</c>.</param>
    /// <exception cref="ModelFormatException">A value is NaN, infinite, or too large for the format.</exception>
    public static PackedMatrix Quantize(
        MemoryLedger ledger, QuantizationFormat format, int rows, int columns, ReadOnlySpan<float> values, string source)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(values.Length, checked(rows * columns));
        PackedMatrix matrix = new(ledger, new PackedLayout(format, rows, columns));
        try
        {
            for (int row = 0; row < rows; row++)
            {
                matrix.SetRow(row, values.Slice(row * columns, columns), source);
            }

            return matrix;
        }
        catch
        {
            matrix.Dispose();
            throw;
        }
    }

    /// <summary>Packs one row; different rows may be set by different threads.</summary>
    /// <param name="row">Which.</param>
    /// <param name="values">The row, <see cref="PackedLayout.Columns"/> long.</param>
    /// <param name="source">What the values are, for messages.</param>
    /// <exception cref="ModelFormatException">A value is NaN, infinite, or too large for the format.</exception>
    public void SetRow(int row, ReadOnlySpan<float> values, string source)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(values.Length, Layout.Columns);
        RowPacker.Pack(Layout, View, row, values, source);
    }

    /// <summary>Sets the codes of one row of a 4-bit format that were found elsewhere; different rows may be set by different threads.</summary>
    /// <param name="row">Which.</param>
    /// <param name="codes">0…15, <see cref="PackedLayout.Columns"/> long.</param>
    /// <param name="scales">One a group.</param>
    /// <param name="minima">One a group in asymmetric formats.</param>
    public void SetCodes(int row, ReadOnlySpan<byte> codes, ReadOnlySpan<Half> scales, ReadOnlySpan<Half> minima)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(codes.Length, Layout.Columns);
        RowPacker.SetCodes(Layout, View, row, codes);
        scales.CopyTo(new Span<Half>(View.GroupScales + ((long)row * Layout.GroupsPerRow), Layout.GroupsPerRow));
        if (View.GroupMinima != null)
        {
            minima.CopyTo(new Span<Half>(View.GroupMinima + ((long)row * Layout.GroupsPerRow), Layout.GroupsPerRow));
        }
    }

    /// <summary>Takes everything from elsewhere, byte for byte.</summary>
    /// <param name="codes"><see cref="PackedLayout.CodeBytes"/> bytes.</param>
    /// <param name="scales"><see cref="PackedLayout.ScaleBytes"/> bytes.</param>
    /// <param name="minima"><see cref="PackedLayout.MinimumBytes"/> bytes.</param>
    /// <param name="source">Where they come from, for messages.</param>
    /// <exception cref="ModelFormatException">A scale or minimum is not finite, or an 8-bit code is −128, which no packer writes.</exception>
    public void SetParts(ReadOnlySpan<byte> codes, ReadOnlySpan<byte> scales, ReadOnlySpan<byte> minima, string source)
    {
        bool isFinite = Layout.IsGrouped
            ? AllFinite(MemoryMarshal.Cast<byte, Half>(scales)) && AllFinite(MemoryMarshal.Cast<byte, Half>(minima))
            : AllFinite(MemoryMarshal.Cast<byte, float>(scales));
        if (!isFinite || (Layout.Format.Bits == 8 && codes.Contains((byte)0x80)))
        {
            throw new ModelFormatException($"{source} or its scales hold values that no packer writes, expected finite scales and codes in range; use an undamaged file.");
        }

        codes.CopyTo(_codes.Slice(0, codes.Length));
        scales.CopyTo(_scales is null ? [] : _scales.Slice(0, scales.Length));
        minima.CopyTo(_minima is null ? [] : _minima.Slice(0, minima.Length));
    }

    /// <summary>Unpacks one row.</summary>
    /// <param name="row">Which.</param>
    /// <param name="values">Receives <see cref="PackedLayout.Columns"/> values.</param>
    public void GetRow(int row, Span<float> values)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(values.Length, Layout.Columns);
        RowUnpacker.Unpack(View, row, values);
    }

    /// <summary>Unpacks the whole matrix.</summary>
    /// <param name="values">Receives [rows, columns], row-major.</param>
    public void Dequantize(Span<float> values)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(values.Length, checked(Layout.Rows * Layout.Columns));
        for (int row = 0; row < Layout.Rows; row++)
        {
            GetRow(row, values.Slice(row * Layout.Columns, Layout.Columns));
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _codes?.Dispose();
        _scales?.Dispose();
        _minima?.Dispose();
    }

    private static bool AllFinite<T>(ReadOnlySpan<T> values)
        where T : INumberBase<T> => values.IsEmpty || TensorPrimitives.IsFiniteAll(values);
}
