/* A few floats at once: AVX-512, AVX2, NEON, or plain C for the compiler to make the best of. */
#ifndef MIDSPAN_SIMD_H
#define MIDSPAN_SIMD_H

#include <stdint.h>

#if defined(__AVX512F__)
#include <immintrin.h>
#define LANES 16
typedef __m512 vec;
static inline vec vec_zero(void) { return _mm512_setzero_ps(); }
static inline vec vec_set(float x) { return _mm512_set1_ps(x); }
static inline vec vec_load(const float *p) { return _mm512_loadu_ps(p); }
static inline void vec_store(float *p, vec v) { _mm512_storeu_ps(p, v); }
static inline vec vec_widen(const int8_t *p) {
    return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i *)p)));
}
static inline vec vec_load_bf16(const uint16_t *p) {
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)p)), 16));
}
static inline vec vec_fma(vec a, vec b, vec c) { return _mm512_fmadd_ps(a, b, c); }
static inline float vec_sum(vec v) { return _mm512_reduce_add_ps(v); }
static inline __m256 vec_halve(vec v) {
    return _mm256_add_ps(_mm512_castps512_ps256(v), _mm256_castpd_ps(_mm512_extractf64x4_pd(_mm512_castps_pd(v), 1)));
}
static inline void vec_sum4(vec a, vec b, vec c, vec d, float *to) {
    __m256 ab = _mm256_hadd_ps(vec_halve(a), vec_halve(b)), cd = _mm256_hadd_ps(vec_halve(c), vec_halve(d));
    __m256 all = _mm256_hadd_ps(ab, cd);
    _mm_storeu_ps(to, _mm_add_ps(_mm256_castps256_ps128(all), _mm256_extractf128_ps(all, 1)));
}

#elif defined(__AVX2__) && defined(__FMA__)
#include <immintrin.h>
#define LANES 8
typedef __m256 vec;
static inline vec vec_zero(void) { return _mm256_setzero_ps(); }
static inline vec vec_set(float x) { return _mm256_set1_ps(x); }
static inline vec vec_load(const float *p) { return _mm256_loadu_ps(p); }
static inline void vec_store(float *p, vec v) { _mm256_storeu_ps(p, v); }
static inline vec vec_widen(const int8_t *p) {
    return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)p)));
}
static inline vec vec_load_bf16(const uint16_t *p) {
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)p)), 16));
}
static inline vec vec_fma(vec a, vec b, vec c) { return _mm256_fmadd_ps(a, b, c); }
static inline float vec_sum(vec v) {
    __m128 half = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    half = _mm_add_ps(half, _mm_movehl_ps(half, half));
    return _mm_cvtss_f32(_mm_add_ss(half, _mm_shuffle_ps(half, half, 1)));
}
static inline void vec_sum4(vec a, vec b, vec c, vec d, float *to) {
    __m256 all = _mm256_hadd_ps(_mm256_hadd_ps(a, b), _mm256_hadd_ps(c, d));
    _mm_storeu_ps(to, _mm_add_ps(_mm256_castps256_ps128(all), _mm256_extractf128_ps(all, 1)));
}

#elif defined(__ARM_NEON) && defined(__aarch64__)
#include <arm_neon.h>
#define LANES 8
typedef struct { float32x4_t low, high; } vec;
static inline vec vec_set(float x) { return (vec){vdupq_n_f32(x), vdupq_n_f32(x)}; }
static inline vec vec_zero(void) { return vec_set(0.0f); }
static inline vec vec_load(const float *p) { return (vec){vld1q_f32(p), vld1q_f32(p + 4)}; }
static inline void vec_store(float *p, vec v) { vst1q_f32(p, v.low); vst1q_f32(p + 4, v.high); }
static inline vec vec_widen(const int8_t *p) {
    int16x8_t wide = vmovl_s8(vld1_s8(p));
    return (vec){vcvtq_f32_s32(vmovl_s16(vget_low_s16(wide))), vcvtq_f32_s32(vmovl_s16(vget_high_s16(wide)))};
}
static inline vec vec_load_bf16(const uint16_t *p) {
    uint16x8_t v = vld1q_u16(p);
    return (vec){vreinterpretq_f32_u32(vshll_n_u16(vget_low_u16(v), 16)),
                 vreinterpretq_f32_u32(vshll_n_u16(vget_high_u16(v), 16))};
}
static inline vec vec_fma(vec a, vec b, vec c) {
    return (vec){vfmaq_f32(c.low, a.low, b.low), vfmaq_f32(c.high, a.high, b.high)};
}
static inline float vec_sum(vec v) { return vaddvq_f32(vaddq_f32(v.low, v.high)); }
static inline void vec_sum4(vec a, vec b, vec c, vec d, float *to) {
    float32x4_t ab = vpaddq_f32(vaddq_f32(a.low, a.high), vaddq_f32(b.low, b.high));
    float32x4_t cd = vpaddq_f32(vaddq_f32(c.low, c.high), vaddq_f32(d.low, d.high));
    vst1q_f32(to, vpaddq_f32(ab, cd));
}

#else
#include <string.h>
#define LANES 8
typedef struct { float v[LANES]; } vec;
static inline vec vec_set(float x) { vec r; for (int i = 0; i < LANES; i++) r.v[i] = x; return r; }
static inline vec vec_zero(void) { return vec_set(0.0f); }
static inline vec vec_load(const float *p) { vec r; memcpy(r.v, p, sizeof r.v); return r; }
static inline void vec_store(float *p, vec v) { memcpy(p, v.v, sizeof v.v); }
static inline vec vec_widen(const int8_t *p) { vec r; for (int i = 0; i < LANES; i++) r.v[i] = p[i]; return r; }
static inline vec vec_load_bf16(const uint16_t *p) {
    vec r;
    for (int i = 0; i < LANES; i++) { uint32_t bits = (uint32_t)p[i] << 16; memcpy(&r.v[i], &bits, 4); }
    return r;
}
static inline vec vec_fma(vec a, vec b, vec c) { for (int i = 0; i < LANES; i++) c.v[i] += a.v[i] * b.v[i]; return c; }
static inline float vec_sum(vec v) { float s = 0; for (int i = 0; i < LANES; i++) s += v.v[i]; return s; }
static inline void vec_sum4(vec a, vec b, vec c, vec d, float *to) {
    to[0] = vec_sum(a), to[1] = vec_sum(b), to[2] = vec_sum(c), to[3] = vec_sum(d);
}
#endif

#endif
