// A stand-in for libcublas.so.12, beside cuda.c: products are launches of the stand-in driver called "cublas_gemm" that compute nothing.
#include "cuda.h"
#include <stdlib.h>

#define EXPORT __attribute__((visibility("default")))

typedef struct { void* stream; int mode; } Handle;

EXPORT int cublasCreate_v2(Handle** handle) { *handle = calloc(1, sizeof **handle); return 0; }
EXPORT int cublasDestroy_v2(Handle* handle) { free(handle); return 0; }
EXPORT int cublasGetProperty(int property, int* value) { *value = property == 0 ? 12 : 0; return 0; }
EXPORT int cublasSetStream_v2(Handle* handle, void* stream) { handle->stream = stream; return 0; }
EXPORT int cublasSetWorkspace_v2(Handle* handle, CUdeviceptr workspace, size_t bytes) { (void)handle; (void)workspace; (void)bytes; return 0; }
EXPORT int cublasSetMathMode(Handle* handle, int mode) { handle->mode = mode; return 0; }
EXPORT int cublasGetMathMode(Handle* handle, int* mode) { *mode = handle->mode; return 0; }
EXPORT const char* cublasGetStatusName(int status) { return status == 0 ? "CUBLAS_STATUS_SUCCESS" : "CUBLAS_STATUS_EXECUTION_FAILED"; }
EXPORT const char* cublasGetStatusString(int status) { return status == 0 ? "success" : "the function failed to launch on the GPU"; }

// As cuBLAS, 13 (EXECUTION_FAILED) for whatever the driver says.
static int product(Handle* handle) { return standInLaunch("cublas_gemm", handle->stream) == SUCCESS ? 0 : 13; }

EXPORT int cublasGemmEx(
    Handle* handle, int ta, int tb, int m, int n, int k, const void* alpha, CUdeviceptr a, int at, int lda, CUdeviceptr b, int bt, int ldb,
    const void* beta, CUdeviceptr c, int ct, int ldc, int type, int algorithm) {
    (void)ta; (void)tb; (void)m; (void)n; (void)k; (void)alpha; (void)a; (void)at; (void)lda; (void)b; (void)bt; (void)ldb;
    (void)beta; (void)c; (void)ct; (void)ldc; (void)type; (void)algorithm;
    return product(handle);
}
