/* A few numbers at once: AVX-512, AVX2, NEON, or plain C for the compiler to make the best of.
 *
 * `vec` holds LANES floats, `pairs` as many pairs of 16-bit numbers, `ints` as many sums of products of pairs. */
#ifndef MIDSPAN_SIMD_H
#define MIDSPAN_SIMD_H

#include <stdint.h>
#include <string.h>

#if defined(__AVX512F__)
#include <immintrin.h>
#define LANES 16
typedef __m512 vec;
static inline vec vec_zero(void) { return _mm512_setzero_ps(); }
static inline vec vec_set(float x) { return _mm512_set1_ps(x); }
static inline vec vec_load(const float *p) { return _mm512_loadu_ps(p); }
static inline void vec_store(float *p, vec v) { _mm512_storeu_ps(p, v); }
static inline vec vec_load_bf16(const uint16_t *p) {
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)p)), 16));
}
static inline vec vec_load_f16(const uint16_t *p) { return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)p)); }
static inline vec vec_fma(vec a, vec b, vec c) { return _mm512_fmadd_ps(a, b, c); }
static inline float vec_sum(vec v) { return _mm512_reduce_add_ps(v); }

typedef __m512i pairs, ints;
static inline pairs pairs_widen(const int8_t *p) { return _mm512_cvtepi8_epi16(_mm256_loadu_si256((const __m256i *)p)); }
static inline void pairs_halves(const uint8_t *p, pairs *low, pairs *high) {
    const __m256i both = _mm256_loadu_si256((const __m256i *)p), half = _mm256_set1_epi8(15), bias = _mm256_set1_epi8(8);
    *low = _mm512_cvtepi8_epi16(_mm256_sub_epi8(_mm256_and_si256(both, half), bias));
    *high = _mm512_cvtepi8_epi16(_mm256_sub_epi8(_mm256_and_si256(_mm256_srli_epi16(both, 4), half), bias));
}
static inline pairs pairs_spread(const int16_t *p) { int32_t pair; memcpy(&pair, p, 4); return _mm512_set1_epi32(pair); }
static inline ints ints_zero(void) { return _mm512_setzero_si512(); }
static inline vec ints_floats(ints n) { return _mm512_cvtepi32_ps(n); }
static inline ints ints_dot(ints sum, pairs a, pairs b) {
#if defined(__AVX512VNNI__)
    return _mm512_dpwssd_epi32(sum, a, b);
#else
    return _mm512_add_epi32(sum, _mm512_madd_epi16(a, b));
#endif
}

#elif defined(__AVX2__) && defined(__FMA__) && defined(__F16C__)
#include <immintrin.h>
#define LANES 8
typedef __m256 vec;
static inline vec vec_zero(void) { return _mm256_setzero_ps(); }
static inline vec vec_set(float x) { return _mm256_set1_ps(x); }
static inline vec vec_load(const float *p) { return _mm256_loadu_ps(p); }
static inline void vec_store(float *p, vec v) { _mm256_storeu_ps(p, v); }
static inline vec vec_load_bf16(const uint16_t *p) {
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)p)), 16));
}
static inline vec vec_load_f16(const uint16_t *p) { return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)p)); }
static inline vec vec_fma(vec a, vec b, vec c) { return _mm256_fmadd_ps(a, b, c); }
static inline float vec_sum(vec v) {
    __m128 half = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    half = _mm_add_ps(half, _mm_movehl_ps(half, half));
    return _mm_cvtss_f32(_mm_add_ss(half, _mm_shuffle_ps(half, half, 1)));
}

typedef __m256i pairs, ints;
static inline pairs pairs_widen(const int8_t *p) { return _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)p)); }
static inline void pairs_halves(const uint8_t *p, pairs *low, pairs *high) {
    const __m128i both = _mm_loadu_si128((const __m128i *)p), half = _mm_set1_epi8(15), bias = _mm_set1_epi8(8);
    *low = _mm256_cvtepi8_epi16(_mm_sub_epi8(_mm_and_si128(both, half), bias));
    *high = _mm256_cvtepi8_epi16(_mm_sub_epi8(_mm_and_si128(_mm_srli_epi16(both, 4), half), bias));
}
static inline pairs pairs_spread(const int16_t *p) { int32_t pair; memcpy(&pair, p, 4); return _mm256_set1_epi32(pair); }
static inline ints ints_zero(void) { return _mm256_setzero_si256(); }
static inline vec ints_floats(ints n) { return _mm256_cvtepi32_ps(n); }
static inline ints ints_dot(ints sum, pairs a, pairs b) {
#if defined(__AVXVNNI__)
    return _mm256_dpwssd_avx_epi32(sum, a, b);
#else
    return _mm256_add_epi32(sum, _mm256_madd_epi16(a, b));
#endif
}

#elif defined(__ARM_NEON) && defined(__aarch64__)
#include <arm_neon.h>
#define LANES 8
typedef struct { float32x4_t low, high; } vec;
static inline vec vec_set(float x) { return (vec){vdupq_n_f32(x), vdupq_n_f32(x)}; }
static inline vec vec_zero(void) { return vec_set(0.0f); }
static inline vec vec_load(const float *p) { return (vec){vld1q_f32(p), vld1q_f32(p + 4)}; }
static inline void vec_store(float *p, vec v) { vst1q_f32(p, v.low); vst1q_f32(p + 4, v.high); }
static inline vec vec_load_bf16(const uint16_t *p) {
    uint16x8_t v = vld1q_u16(p);
    return (vec){vreinterpretq_f32_u32(vshll_n_u16(vget_low_u16(v), 16)),
                 vreinterpretq_f32_u32(vshll_n_u16(vget_high_u16(v), 16))};
}
static inline vec vec_load_f16(const uint16_t *p) {
    float16x8_t v = vreinterpretq_f16_u16(vld1q_u16(p));
    return (vec){vcvt_f32_f16(vget_low_f16(v)), vcvt_high_f32_f16(v)};
}
static inline vec vec_fma(vec a, vec b, vec c) {
    return (vec){vfmaq_f32(c.low, a.low, b.low), vfmaq_f32(c.high, a.high, b.high)};
}
static inline float vec_sum(vec v) { return vaddvq_f32(vaddq_f32(v.low, v.high)); }

typedef struct { int16x8_t first, second; } pairs; /* of each pair */
typedef struct { int32x4_t low, high; } ints;
static inline pairs pairs_widen(const int8_t *p) {
    int8x8x2_t both = vld2_s8(p);
    return (pairs){vmovl_s8(both.val[0]), vmovl_s8(both.val[1])};
}
static inline int16x8_t half_of(uint8x8_t halves) { return vsubq_s16(vreinterpretq_s16_u16(vmovl_u8(halves)), vdupq_n_s16(8)); }
static inline void pairs_halves(const uint8_t *p, pairs *low, pairs *high) {
    uint8x8x2_t both = vld2_u8(p);
    const uint8x8_t half = vdup_n_u8(15);
    *low = (pairs){half_of(vand_u8(both.val[0], half)), half_of(vand_u8(both.val[1], half))};
    *high = (pairs){half_of(vshr_n_u8(both.val[0], 4)), half_of(vshr_n_u8(both.val[1], 4))};
}
static inline pairs pairs_spread(const int16_t *p) { return (pairs){vdupq_n_s16(p[0]), vdupq_n_s16(p[1])}; }
static inline ints ints_zero(void) { return (ints){vdupq_n_s32(0), vdupq_n_s32(0)}; }
static inline vec ints_floats(ints n) { return (vec){vcvtq_f32_s32(n.low), vcvtq_f32_s32(n.high)}; }
static inline ints ints_dot(ints sum, pairs a, pairs b) {
    sum.low = vmlal_s16(sum.low, vget_low_s16(a.first), vget_low_s16(b.first));
    sum.low = vmlal_s16(sum.low, vget_low_s16(a.second), vget_low_s16(b.second));
    sum.high = vmlal_high_s16(sum.high, a.first, b.first);
    sum.high = vmlal_high_s16(sum.high, a.second, b.second);
    return sum;
}

#else
#define LANES 8
typedef struct { float v[LANES]; } vec;
static inline vec vec_set(float x) { vec r; for (int i = 0; i < LANES; i++) r.v[i] = x; return r; }
static inline vec vec_zero(void) { return vec_set(0.0f); }
static inline vec vec_load(const float *p) { vec r; memcpy(r.v, p, sizeof r.v); return r; }
static inline void vec_store(float *p, vec v) { memcpy(p, v.v, sizeof v.v); }
static inline vec vec_load_bf16(const uint16_t *p) {
    vec r;
    for (int i = 0; i < LANES; i++) { uint32_t bits = (uint32_t)p[i] << 16; memcpy(&r.v[i], &bits, 4); }
    return r;
}
static inline vec vec_load_f16(const uint16_t *p) {
    vec r;
    for (int i = 0; i < LANES; i++) {
        uint32_t bits = (uint32_t)(p[i] & 0x7fff) << 13;
        memcpy(&r.v[i], &bits, 4);
        r.v[i] *= p[i] & 0x8000 ? -0x1p112f : 0x1p112f; /* the exponents' biases differ by 112 */
    }
    return r;
}
static inline vec vec_fma(vec a, vec b, vec c) { for (int i = 0; i < LANES; i++) c.v[i] += a.v[i] * b.v[i]; return c; }
static inline float vec_sum(vec v) { float s = 0; for (int i = 0; i < LANES; i++) s += v.v[i]; return s; }
typedef struct { int16_t v[2 * LANES]; } pairs;
typedef struct { int32_t v[LANES]; } ints;
static inline pairs pairs_widen(const int8_t *p) { pairs r; for (int i = 0; i < 2 * LANES; i++) r.v[i] = p[i]; return r; }
static inline void pairs_halves(const uint8_t *p, pairs *low, pairs *high) {
    for (int i = 0; i < 2 * LANES; i++) low->v[i] = (p[i] & 15) - 8, high->v[i] = (p[i] >> 4) - 8;
}
static inline pairs pairs_spread(const int16_t *p) {
    pairs r;
    for (int i = 0; i < 2 * LANES; i++) r.v[i] = p[i % 2];
    return r;
}
static inline ints ints_zero(void) { ints r; memset(r.v, 0, sizeof r.v); return r; }
static inline vec ints_floats(ints n) { vec r; for (int i = 0; i < LANES; i++) r.v[i] = (float)n.v[i]; return r; }
static inline ints ints_dot(ints sum, pairs a, pairs b) {
    for (int i = 0; i < LANES; i++) sum.v[i] += a.v[2 * i] * b.v[2 * i] + a.v[2 * i + 1] * b.v[2 * i + 1];
    return sum;
}
#endif

#endif
