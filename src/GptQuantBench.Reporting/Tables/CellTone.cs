namespace GptQuantBench.Reporting.Tables;

/// <summary>How a cell may be coloured.</summary>
public enum CellTone
{
    Neutral,
    Good,
    Bad,
}
