using Mono.Cecil;
using Mono.Cecil.Cil;

namespace GptQuantBench.Mutation;

/// <summary>
/// Puts a quick switch into an assembly of mutants. Stryker's looks at files and keeps what was reached in a list that it searches from the
/// front, which makes a loop of mutated arithmetic a thousand times slower; this one compares two numbers and marks a byte.
/// </summary>
internal static class QuickSwitch
{
    public const string Control = "MutantControl";
    public const string Reached = "Reached";

    public static void Put(string path)
    {
        using var module = ModuleDefinition.ReadModule(path, new ReaderParameters { InMemory = true });
        var control = module.Types.Single(type => type.Name == Control);
        var active = control.Fields.Single(field => field.Name == "ActiveMutant");
        var reached = new FieldDefinition(Reached, FieldAttributes.Public | FieldAttributes.Static, new ArrayType(module.TypeSystem.Byte));
        control.Fields.Add(reached);

        // bool IsActive(int id) { if (Reached != null) Reached[id] = 1; return id == ActiveMutant; }
        var isActive = control.Methods.Single(method => method.Name == "IsActive");
        isActive.Body = new MethodBody(isActive);
        var il = isActive.Body.GetILProcessor();
        var compare = il.Create(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Ldsfld, reached);
        il.Emit(OpCodes.Brfalse, compare);
        il.Emit(OpCodes.Ldsfld, reached);
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Ldc_I4_1);
        il.Emit(OpCodes.Stelem_I1);
        il.Append(compare);
        il.Emit(OpCodes.Ldsfld, active);
        il.Emit(OpCodes.Ceq);
        il.Emit(OpCodes.Ret);
        module.Write(path);
    }
}
