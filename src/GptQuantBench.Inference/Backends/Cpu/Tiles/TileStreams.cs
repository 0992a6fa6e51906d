namespace GptQuantBench.Inference.Backends.Cpu.Tiles;

/// <summary>
/// Tiles that a thread reads side by side: some streams of neighbouring tiles, equally far apart. Whoever goes on behind the last tile of
/// each stream goes on in the same streams of memory.
/// </summary>
/// <param name="First">First tile of the first stream.</param>
/// <param name="Count">Tiles of each stream.</param>
/// <param name="Streams">1, 2 or 4.</param>
/// <param name="Stride">Tiles from stream to stream.</param>
internal readonly record struct TileStreams(int First, int Count, int Streams = 1, int Stride = 0);
