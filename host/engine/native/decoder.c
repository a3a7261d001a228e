/* A decoder's forward pass for a few tokens at a time: int8 or int4 weights, one call for all layers.
 *
 * Decoding reads every weight once for each step, so a step takes as long as memory needs to deliver them: they are
 * int8 with a scale for each row, or int4 with one for 32 of them, packed in the order in which they are read. What they
 * are multiplied with is rounded to 16 bits, in groups with a scale each: products and their sums in a group are whole
 * numbers, for which processors are quick, and next to nothing is lost. All threads stay in one parallel region, with a
 * barrier where one needs what the others made. What a token gets does not depend on how many are read beside it: each
 * sum is made in the same order. So drafts that are verified together change no token.
 *
 * The layouts are those of pack.py and decoder.py. */

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#ifdef _OPENMP
#include <omp.h>
#endif

#include "simd.h"

enum { MOST_TOKENS = 32, TILE_ROWS = 16, GROUP = 64, SPAN = 128, ROWS_A_TURN = 32, KEY_BLOCK = 16 };
/* Vectors that hold a tile's rows, or as many channels of a head. */
enum { PARTS = TILE_ROWS / LANES };
/* Tokens whose sums stay in registers. */
enum { AT_ONCE = LANES == 16 ? 8 : 4 };
/* Queries whose sums do. */
enum { QUERIES = 6 };
#define INLINE static inline __attribute__((always_inline))

/* Of 8 bits: [rows / 16][columns / 2][16][2] weights; value = weight * scale[row].
 * Of 4 bits: [rows / 16][columns / 4][16][2] bytes, each with a weight + 8 in the low half and that of two columns on in
 * the high one; value = weight * group scale, these fp16, [rows / 16][columns / 32][16]. */
typedef struct {
    const void *weights;
    const float *scales;
    const uint16_t *group_scales;
    int32_t rows, columns, bits, unused;
} Matrix;
enum { WEIGHT_GROUP = 32 };

/* y = W x + bias + up (down x); no bias: NULL, no low-rank part: down.rows = 0. */
typedef struct { Matrix weight, down, up; const float *bias; } Linear;

typedef struct { const float *weight, *bias; } Norm;

typedef struct {
    Norm before_attention, before_mlp;
    Norm query, key; /* over each head; weight NULL: none */
    Linear qkv, out, rise, fall; /* rise of a gated MLP: tiles of eight gate rows and eight up rows */
    int32_t window; /* tokens that a token sees, itself included; 0: all */
    int32_t unused;
} Layer;

typedef struct {
    const Layer *layers;
    Norm last_norm;
    Matrix head;
    const float *cosines, *sines; /* [positions, rotary size] */
    int32_t n_layers, hidden, n_heads, n_key_heads, head_size, rotary_size, middle;
    int32_t is_layer_norm, is_gated, activation; /* 0 SiLU, 1 GELU by tanh, 2 GELU by erf */
    int32_t n_vocabulary, unused;
    float norm_epsilon, attention_scale, residual_scale, logit_scale;
} Decoder;

/* bf16, [layer, head, ...] with these strides in elements; of a head: keys [token / 16][size][16], values [token][size]. */
typedef struct { uint16_t *keys, *values; int64_t layer_stride, head_stride; } Past;

/* What a layer is given of m tokens, in groups of columns: value = number * scale. numbers: [group][m][64], scales:
 * [group][m]. 64 products with int8 stay below 2^31. */
typedef struct { int16_t *numbers; float *scales; int32_t m; } Inputs;
enum { MOST_INPUT = 32767 };

/* ---- numbers ---- */

static inline float exp_(float x) {
    /* 2^n * e^r, |r| <= ln 2 / 2, by a polynomial: good to about 2 ulp, and compilers vectorise it. */
    const float least = x < -87.0f ? 0.0f : 1.0f;
    x = x < -87.0f ? -87.0f : x > 88.0f ? 88.0f : x;
    float n = (x * 1.44269504f + 12582912.0f) - 12582912.0f;
    float r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    union { int32_t bits; float value; } power = {((int32_t)n + 127) << 23};
    return (p * r * r + r + 1.0f) * power.value * least;
}

/* Not a part of its callers, where compilers unroll it instead of vectorising it. */
static __attribute__((noinline)) void activate(float *x, int n, int kind) {
    if (kind == 0)
#pragma omp simd
        for (int i = 0; i < n; i++) x[i] = x[i] / (1.0f + exp_(-x[i]));
    else if (kind == 1)
#pragma omp simd
        for (int i = 0; i < n; i++) { /* 1 + tanh(y) = 2 / (1 + e^-2y) */
            const float y = 0.79788456f * (x[i] + 0.044715f * x[i] * x[i] * x[i]);
            x[i] = x[i] / (1.0f + exp_(-2.0f * y));
        }
    else
        for (int i = 0; i < n; i++) x[i] = 0.5f * x[i] * (1.0f + erff(x[i] * 0.70710678f));
}

static inline uint16_t to_bf16(float x) {
    union { float value; uint32_t bits; } u = {x};
    if ((u.bits & 0x7fffffff) > 0x7f800000) return (uint16_t)((u.bits >> 16) | 0x40); /* NaN stays NaN */
    return (uint16_t)((u.bits + 0x7fff + ((u.bits >> 16) & 1)) >> 16);
}

static void normalise(const float *x, int n, Norm norm, int is_layer_norm, float epsilon, float *y) {
    float mean = 0.0f;
    if (is_layer_norm) {
        vec total = vec_zero();
        for (int i = 0; i < n; i += LANES) total = vec_fma(vec_load(x + i), vec_set(1.0f), total);
        mean = vec_sum(total) / n;
    }
    vec squares = vec_zero(), minus = vec_set(-mean), one = vec_set(1.0f);
    for (int i = 0; i < n; i += LANES) {
        vec v = vec_fma(minus, one, vec_load(x + i));
        squares = vec_fma(v, v, squares);
    }
    float factor = 1.0f / sqrtf(vec_sum(squares) / n + epsilon);
    for (int i = 0; i < n; i++) y[i] = (x[i] - mean) * factor * norm.weight[i] + (norm.bias ? norm.bias[i] : 0.0f);
}

/* Round a token's n values; what is missing of the last group is zero. */
static void quantise(const float *x, int n, const Inputs *to, int token) {
    for (int g = 0; g * GROUP < n; g++) {
        const size_t at = (size_t)g * to->m + token;
        int16_t *numbers = to->numbers + at * GROUP;
        const int first = g * GROUP, width = n - first < GROUP ? n - first : GROUP;
        float values[GROUP] = {0};
        memcpy(values, x + first, (size_t)width * sizeof *values);
        float most = 0.0f, broken = 0.0f; /* infinite and undefined values leave no number as if it were right */
#pragma omp simd reduction(max : most) reduction(+ : broken)
        for (int i = 0; i < GROUP; i++) {
            const float size = fabsf(values[i]);
            most = size > most ? size : most;
            broken += values[i] * 0.0f;
        }
        const float factor = most > 0.0f ? MOST_INPUT / most : 0.0f;
#pragma omp simd
        for (int i = 0; i < GROUP; i++) {
            union { float value; int32_t bits; } rounded = {values[i] * factor + 12582912.0f};
            numbers[i] = (int16_t)(rounded.bits - 0x4b400000);
        }
        to->scales[at] = most / MOST_INPUT + broken;
    }
}

/* ---- matrices ---- */

/* What a tile's sums become: y, y + scale * residual, activation, activation(gate) * up. */
typedef enum { PLAIN, RESIDUAL, ACTIVATED, GATED } After;

/* A tile's rows times n tokens, one group of columns: what there is of their sums grows. */
INLINE void tile_group(const int8_t *weights, const int16_t *numbers, const float *scales, const int n,
                       const int width, float sums[][TILE_ROWS]) {
    ints sum[AT_ONCE][PARTS];
    for (int t = 0; t < n; t++)
        for (int p = 0; p < PARTS; p++) sum[t][p] = ints_zero();
#pragma GCC unroll 8
    for (int c = 0; c < width; c += 2) {
        pairs weight[PARTS];
        for (int p = 0; p < PARTS; p++) weight[p] = pairs_widen(weights + c * TILE_ROWS + p * LANES * 2);
        for (int t = 0; t < n; t++) {
            const pairs in = pairs_spread(numbers + t * GROUP + c);
            for (int p = 0; p < PARTS; p++) sum[t][p] = ints_dot(sum[t][p], weight[p], in);
        }
    }
    for (int t = 0; t < n; t++) {
        const vec scale = vec_set(scales[t]);
        for (int p = 0; p < PARTS; p++) {
            float *to = sums[t] + p * LANES;
            vec_store(to, vec_fma(ints_floats(sum[t][p]), scale, vec_load(to)));
        }
    }
}

/* The same of 4-bit weights, WEIGHT_GROUP columns. */
INLINE void tile_group_4(const uint8_t *weights, const uint16_t *group_scales, const int16_t *numbers,
                         const float *scales, const int n, float sums[][TILE_ROWS]) {
    ints sum[AT_ONCE][PARTS];
    for (int t = 0; t < n; t++)
        for (int p = 0; p < PARTS; p++) sum[t][p] = ints_zero();
#pragma GCC unroll 8
    for (int c = 0; c < WEIGHT_GROUP; c += 4) {
        pairs low[PARTS], high[PARTS];
        for (int p = 0; p < PARTS; p++) pairs_halves(weights + c * TILE_ROWS / 2 + p * LANES * 2, &low[p], &high[p]);
        for (int t = 0; t < n; t++) {
            const pairs first = pairs_spread(numbers + t * GROUP + c), second = pairs_spread(numbers + t * GROUP + c + 2);
            for (int p = 0; p < PARTS; p++)
                sum[t][p] = ints_dot(ints_dot(sum[t][p], low[p], first), high[p], second);
        }
    }
    for (int p = 0; p < PARTS; p++) {
        const vec of_rows = vec_load_f16(group_scales + p * LANES);
        for (int t = 0; t < n; t++) {
            float *to = sums[t] + p * LANES;
            const vec scale = vec_fma(vec_set(scales[t]), of_rows, vec_zero());
            vec_store(to, vec_fma(ints_floats(sum[t][p]), scale, vec_load(to)));
        }
    }
}

/* One group of columns for all tokens: WHAT(n) does n of them at `t`. */
#define FOR_ALL_TOKENS(m, WHAT)                                     \
    int t = 0;                                                      \
    for (; (m) - t >= AT_ONCE; t += AT_ONCE) { WHAT(AT_ONCE); }     \
    if (AT_ONCE > 4 && (m) - t >= 4) { WHAT(4); t += 4; }           \
    switch ((m) - t) {                                              \
    case 1: WHAT(1); break;                                         \
    case 2: WHAT(2); break;                                         \
    case 3: WHAT(3); break;                                         \
    }

static void tile_8(const Matrix *matrix, int row, const Inputs *x, float sums[][TILE_ROWS]) {
    const int8_t *weights = (const int8_t *)matrix->weights + (size_t)row * matrix->columns;
    const int16_t *numbers = x->numbers;
    const float *scales = x->scales;
    int columns = matrix->columns;
#define WHOLE(n) tile_group(weights, numbers + t * GROUP, scales + t, n, GROUP, sums + t)
#define REST(n) tile_group(weights, numbers + t * GROUP, scales + t, n, columns, sums + t)
    for (; columns >= GROUP; columns -= GROUP, weights += GROUP * TILE_ROWS, numbers += x->m * GROUP, scales += x->m) {
        FOR_ALL_TOKENS(x->m, WHOLE)
    }
    if (columns) { FOR_ALL_TOKENS(x->m, REST) }
    for (int t = 0; t < x->m; t++)
        for (int r = 0; r < TILE_ROWS; r++) sums[t][r] *= matrix->scales[row + r];
}

static void tile_4(const Matrix *matrix, int row, const Inputs *x, float sums[][TILE_ROWS]) {
    const uint8_t *weights = (const uint8_t *)matrix->weights + (size_t)row * matrix->columns / 2;
    const uint16_t *group_scales = matrix->group_scales + (size_t)row * matrix->columns / WEIGHT_GROUP;
#define PART(n) tile_group_4(weights, group_scales, numbers + t * GROUP, scales + t, n, sums + t)
    for (int c = 0; c < matrix->columns; c += WEIGHT_GROUP, weights += WEIGHT_GROUP * TILE_ROWS / 2, group_scales += TILE_ROWS) {
        const int16_t *numbers = x->numbers + (size_t)(c / GROUP) * x->m * GROUP + c % GROUP;
        const float *scales = x->scales + (size_t)(c / GROUP) * x->m;
        FOR_ALL_TOKENS(x->m, PART)
    }
}

/* A tile's rows times all tokens. */
static void tile(const Matrix *matrix, int row, const Inputs *x, float sums[][TILE_ROWS]) {
    memset(sums, 0, (size_t)x->m * sizeof *sums);
    if (matrix->bits == 4) tile_4(matrix, row, x, sums);
    else tile_8(matrix, row, x, sums);
}

/* A linear layer for all tokens, shared among the threads; the caller puts a barrier behind it.
 * y: [m][y_stride]. `low` and `low_inputs` are room for down x. */
static void linear(const Linear *layer, const Inputs *x, float *y, int y_stride, After after,
                   float residual_scale, int activation, float *low, Inputs low_inputs) {
    const int rank = layer->down.rows, m = x->m;
    float sums[MOST_TOKENS][TILE_ROWS], more[MOST_TOKENS][TILE_ROWS];
    if (rank) {
#pragma omp for schedule(dynamic)
        for (int row = 0; row < rank; row += TILE_ROWS) {
            tile(&layer->down, row, x, sums);
            for (int t = 0; t < m; t++) memcpy(low + (size_t)t * rank + row, sums[t], sizeof sums[t]);
        }
#pragma omp for schedule(static)
        for (int t = 0; t < m; t++) quantise(low + (size_t)t * rank, rank, &low_inputs, t);
    }
#pragma omp for schedule(guided) nowait
    for (int turn = 0; turn < layer->weight.rows; turn += ROWS_A_TURN) {
        const int end = turn + ROWS_A_TURN < layer->weight.rows ? turn + ROWS_A_TURN : layer->weight.rows;
        for (int row = turn; row < end; row += TILE_ROWS) {
            tile(&layer->weight, row, x, sums);
            if (rank) {
                tile(&layer->up, row, &low_inputs, more);
                for (int t = 0; t < m; t++)
                    for (int r = 0; r < TILE_ROWS; r++) sums[t][r] += more[t][r];
            }
            for (int t = 0; t < m; t++) {
                float *s = sums[t];
                if (layer->bias)
                    for (int r = 0; r < TILE_ROWS; r++) s[r] += layer->bias[row + r];
                if (after == GATED) {
                    activate(s, TILE_ROWS / 2, activation);
                    float *to = y + (size_t)t * y_stride + row / 2;
                    for (int r = 0; r < TILE_ROWS / 2; r++) to[r] = s[r] * s[r + TILE_ROWS / 2];
                    continue;
                }
                if (after == ACTIVATED) activate(s, TILE_ROWS, activation);
                float *to = y + (size_t)t * y_stride + row;
                for (int r = 0; r < TILE_ROWS; r++) to[r] = after == RESIDUAL ? to[r] + residual_scale * s[r] : s[r];
            }
        }
    }
}

/* ---- attention ---- */

static void rotate(float *head, const float *cosines, const float *sines, int rotary) {
    const int half = rotary / 2;
    for (int i = 0; i < half; i++) {
        float a = head[i], b = head[i + half];
        head[i] = a * cosines[i] - b * sines[i];
        head[i + half] = b * cosines[i + half] + a * sines[i + half];
    }
}

static void store_key(uint16_t *head, int position, const float *key, int size) {
    uint16_t *to = head + (size_t)(position / KEY_BLOCK) * KEY_BLOCK * size + position % KEY_BLOCK;
    for (int i = 0; i < size; i++) to[(size_t)i * KEY_BLOCK] = to_bf16(key[i]);
}

static void store_value(uint16_t *head, int position, const float *value, int size) {
    for (int i = 0; i < size; i++) head[(size_t)position * size + i] = to_bf16(value[i]);
}

/* Products of n queries with a block of keys, [size][16]. */
INLINE void score(const float *const *queries, const int n, const uint16_t *keys, int size, float scale,
                  float scores[][SPAN]) {
    vec sum[QUERIES][PARTS];
    for (int q = 0; q < n; q++)
        for (int p = 0; p < PARTS; p++) sum[q][p] = vec_zero();
    for (int i = 0; i < size; i++) {
        vec key[PARTS];
        for (int p = 0; p < PARTS; p++) key[p] = vec_load_bf16(keys + i * KEY_BLOCK + p * LANES);
        for (int q = 0; q < n; q++) {
            const vec one = vec_set(queries[q][i]);
            for (int p = 0; p < PARTS; p++) sum[q][p] = vec_fma(one, key[p], sum[q][p]);
        }
    }
    for (int q = 0; q < n; q++)
        for (int p = 0; p < PARTS; p++)
            vec_store(scores[q] + p * LANES, vec_fma(sum[q][p], vec_set(scale), vec_zero()));
}

/* Sums of values [count][size], weighted for each of n queries. */
INLINE void mix(float weights[][SPAN], const int n, const uint16_t *values, int count, int size, float *const *sums) {
    for (int i = 0; i < size; i += TILE_ROWS) {
        vec sum[QUERIES][PARTS];
        for (int q = 0; q < n; q++)
            for (int p = 0; p < PARTS; p++) sum[q][p] = vec_zero();
        for (int k = 0; k < count; k++) {
            vec value[PARTS];
            for (int p = 0; p < PARTS; p++) value[p] = vec_load_bf16(values + (size_t)k * size + i + p * LANES);
            for (int q = 0; q < n; q++) {
                const vec one = vec_set(weights[q][k]);
                for (int p = 0; p < PARTS; p++) sum[q][p] = vec_fma(one, value[p], sum[q][p]);
            }
        }
        for (int q = 0; q < n; q++)
            for (int p = 0; p < PARTS; p++) vec_store(sums[q] + i + p * LANES, sum[q][p]);
    }
}

/* A query of a token: it sees the keys of a span from `from` up to `to`. */
typedef struct { const float *query; float *share; int from, to; } Seen;

/* n queries over a span of keys: a share is a sum of values, with the greatest score and the sum of the weights before it
 * ("Online normalizer calculation for softmax", Milakov and Gimelshein 2018). */
INLINE void attend_of(const Seen *seen, const int n, const int is_first, const uint16_t *keys, const uint16_t *values, int size, float scale) {
    float scores[QUERIES][SPAN], *sums[QUERIES];
    const float *queries[QUERIES];
    int count = 0;
    for (int q = 0; q < n; q++) {
        queries[q] = seen[q].query;
        sums[q] = seen[q].share + 2;
        count = seen[q].to > count ? seen[q].to : count;
    }
    for (int k = 0; k < count; k += KEY_BLOCK) {
        if (is_first) /* their values are wanted next */
            for (int i = 0; i < KEY_BLOCK * size; i += 32) __builtin_prefetch(values + (size_t)k * size + i);
        score(queries, n, keys + (size_t)k * size, size, scale, (float(*)[SPAN])(scores[0] + k));
    }
    for (int q = 0; q < n; q++) {
        float *s = scores[q], most = -INFINITY, total = 0.0f;
        const int from = seen[q].from, to = seen[q].to;
        for (int k = 0; k < from; k++) s[k] = -INFINITY;
        for (int k = to; k < SPAN; k++) s[k] = -INFINITY;
#pragma omp simd reduction(max : most)
        for (int k = 0; k < SPAN; k++) most = s[k] > most ? s[k] : most;
#pragma omp simd reduction(+ : total)
        for (int k = 0; k < SPAN; k++) {
            s[k] = exp_(s[k] - most);
            total += s[k];
        }
        seen[q].share[0] = most;
        seen[q].share[1] = total;
    }
    mix(scores, n, values, count, size, sums);
}

static void attend_span(const Seen *seen, int n, const uint16_t *keys, const uint16_t *values, int size, float scale) {
    int is_first = 1;
    for (; n >= QUERIES; n -= QUERIES, seen += QUERIES, is_first = 0)
        attend_of(seen, QUERIES, is_first, keys, values, size, scale);
    switch (n) {
    case 1: attend_of(seen, 1, is_first, keys, values, size, scale); break;
    case 2: attend_of(seen, 2, is_first, keys, values, size, scale); break;
    case 3: attend_of(seen, 3, is_first, keys, values, size, scale); break;
    case 4: attend_of(seen, 4, is_first, keys, values, size, scale); break;
    case 5: attend_of(seen, 5, is_first, keys, values, size, scale); break;
    }
}

static int first_seen(int position, int window) { return window && position + 1 > window ? position + 1 - window : 0; }

/* All queries over all spans of keys, shared among the threads. shares: [m][heads][spans][2 + head size];
 * `seen` is each thread's own room for the queries of a group of heads. */
static void attend(const Decoder *d, const Past *past, int layer, int position, int m, const float *qkv, int qkv_stride,
                   float *shares, int n_spans, Seen *seen) {
    const int group = d->n_heads / d->n_key_heads, size = d->head_size;
    const int first = first_seen(position, d->layers[layer].window) / SPAN;
#pragma omp for collapse(2) schedule(static) nowait
    for (int k = 0; k < d->n_key_heads; k++)
        for (int span = first; span < n_spans; span++) {
            const int start = span * SPAN, end = position + m < start + SPAN ? position + m : start + SPAN;
            const size_t at = (size_t)layer * past->layer_stride + (size_t)k * past->head_stride + (size_t)start * size;
            int n = 0;
            for (int t = 0; t < m; t++) {
                const int first_key = first_seen(position + t, d->layers[layer].window);
                const int from = first_key > start ? first_key - start : 0;
                const int to = (position + t + 1 < end ? position + t + 1 : end) - start;
                for (int h = k * group; h < (k + 1) * group; h++) {
                    float *share = shares + (((size_t)t * d->n_heads + h) * n_spans + span) * (2 + size);
                    if (from < to) seen[n++] = (Seen){qkv + (size_t)t * qkv_stride + h * size, share, from, to};
                    else share[1] = 0.0f;
                }
            }
            attend_span(seen, n, past->keys + at, past->values + at, size, d->attention_scale);
        }
}

static void gather(const Decoder *d, int layer, int position, int m, const float *shares, int n_spans, float *y) {
    const int size = d->head_size;
    const int first = first_seen(position, d->layers[layer].window) / SPAN;
#pragma omp for collapse(2) schedule(static) nowait
    for (int t = 0; t < m; t++)
        for (int h = 0; h < d->n_heads; h++) {
            const float *share = shares + ((size_t)t * d->n_heads + h) * n_spans * (2 + size);
            float *to = y + ((size_t)t * d->n_heads + h) * size;
            float most = -INFINITY, total = 0.0f;
            for (int s = first; s < n_spans; s++) {
                const float *one = share + (size_t)s * (2 + size);
                if (one[1] != 0.0f && !(one[0] <= most)) most = one[0];
            }
            memset(to, 0, (size_t)size * sizeof *to);
            for (int s = first; s < n_spans; s++) {
                const float *one = share + (size_t)s * (2 + size);
                if (one[1] == 0.0f) continue;
                const float factor = exp_(one[0] - most);
                total += factor * one[1];
                for (int i = 0; i < size; i++) to[i] += factor * one[2 + i];
            }
            for (int i = 0; i < size; i++) to[i] /= total;
        }
}

/* ---- the pass ---- */

/* Where the next piece of `room` begins; with no room, how much is needed. */
static char *take(char **room, size_t n_bytes) {
    char *piece = *room;
    *room += (n_bytes + 63) & ~(size_t)63;
    return piece;
}

static Inputs take_inputs(char **room, int m, int columns) {
    const int n_groups = (columns + GROUP - 1) / GROUP;
    Inputs inputs = {.m = m};
    inputs.numbers = (int16_t *)take(room, sizeof(int16_t) * m * n_groups * GROUP);
    inputs.scales = (float *)take(room, sizeof(float) * m * n_groups);
    return inputs;
}

/* What a pass needs beside the weights. */
typedef struct {
    float *qkv, *attended, *middle, *shares, *low;
    Inputs normed, attended_inputs, middle_inputs, low_inputs;
    Seen *seen; /* for each thread */
    float *one; /* a token's channels, for each thread */
} Room;

static size_t divide(Room *room, char *from, const Decoder *d, int m, int n_spans, int rank, int n_threads) {
    const int heads_size = d->n_heads * d->head_size, qkv_size = heads_size + 2 * d->n_key_heads * d->head_size;
    char *at = from;
    room->qkv = (float *)take(&at, sizeof(float) * m * qkv_size);
    room->attended = (float *)take(&at, sizeof(float) * m * heads_size);
    room->middle = (float *)take(&at, sizeof(float) * m * d->middle);
    room->shares = (float *)take(&at, sizeof(float) * m * d->n_heads * n_spans * (2 + d->head_size));
    room->low = (float *)take(&at, sizeof(float) * m * rank);
    room->normed = take_inputs(&at, m, d->hidden);
    room->attended_inputs = take_inputs(&at, m, heads_size);
    room->middle_inputs = take_inputs(&at, m, d->middle);
    room->low_inputs = take_inputs(&at, m, rank);
    room->seen = (Seen *)take(&at, sizeof(Seen) * m * (d->n_heads / d->n_key_heads) * n_threads);
    room->one = (float *)take(&at, sizeof(float) * d->hidden * n_threads);
    return (size_t)(at - from);
}

/* Normalise and round m tokens, shared among the threads; all have it afterwards. `one` is room for a token. */
static void normalise_all(const Decoder *d, const float *x, int m, Norm norm, float *one, const Inputs *to) {
#pragma omp for schedule(static)
    for (int t = 0; t < m; t++) {
        normalise(x + (size_t)t * d->hidden, d->hidden, norm, d->is_layer_norm, d->norm_epsilon, one);
        quantise(one, d->hidden, to, t);
    }
}

static void quantise_all(const float *x, int m, int n, const Inputs *to) {
#pragma omp for schedule(static)
    for (int t = 0; t < m; t++) quantise(x + (size_t)t * n, n, to, t);
}

static int thread_number(void) {
#ifdef _OPENMP
    return omp_get_thread_num();
#else
    return 0;
#endif
}

/* Read m (1 to 32) tokens that stand at `position` and after it.
 *
 * x: [m][hidden], the embedded tokens; overwritten. logits: [n_logits][n_vocabulary] of the last n_logits tokens.
 * Returns 0, or 1 when there is no memory. */
int midspan_decode(const Decoder *d, const Past *past, float *x, int m, int position, float *logits, int n_logits,
                   int n_threads) {
    const int heads_size = d->n_heads * d->head_size, hidden = d->hidden;
    const int qkv_size = heads_size + 2 * d->n_key_heads * d->head_size;
    const int n_spans = (position + m + SPAN - 1) / SPAN;
    int rank = 0;
    for (int i = 0; i < d->n_layers; i++) {
        const Linear *all[] = {&d->layers[i].qkv, &d->layers[i].out, &d->layers[i].rise, &d->layers[i].fall};
        for (int j = 0; j < 4; j++) rank = all[j]->down.rows > rank ? all[j]->down.rows : rank;
    }
    Room room;
    char *memory = aligned_alloc(64, divide(&room, NULL, d, m, n_spans, rank, n_threads));
    if (!memory) return 1;
    divide(&room, memory, d, m, n_spans, rank, n_threads);

#pragma omp parallel num_threads(n_threads)
    {
        Seen *seen = room.seen + (size_t)m * (d->n_heads / d->n_key_heads) * thread_number();
        float *one = room.one + (size_t)hidden * thread_number();
        for (int i = 0; i < d->n_layers; i++) {
            const Layer *layer = &d->layers[i];
            normalise_all(d, x, m, layer->before_attention, one, &room.normed);
            linear(&layer->qkv, &room.normed, room.qkv, qkv_size, PLAIN, 0.0f, 0, room.low, room.low_inputs);
#pragma omp barrier
#pragma omp for collapse(2) schedule(static)
            for (int t = 0; t < m; t++)
                for (int h = 0; h < d->n_heads + 2 * d->n_key_heads; h++) {
                    float *head = room.qkv + (size_t)t * qkv_size + h * d->head_size;
                    const int is_value = h >= d->n_heads + d->n_key_heads, is_query = h < d->n_heads;
                    if (!is_value) {
                        const Norm norm = is_query ? layer->query : layer->key;
                        if (norm.weight) normalise(head, d->head_size, norm, 0, d->norm_epsilon, head);
                        const size_t row = (size_t)(position + t) * d->rotary_size;
                        rotate(head, d->cosines + row, d->sines + row, d->rotary_size);
                    }
                    const int k = (h - d->n_heads) % d->n_key_heads;
                    const size_t at = (size_t)i * past->layer_stride + (size_t)k * past->head_stride;
                    if (is_value) store_value(past->values + at, position + t, head, d->head_size);
                    else if (!is_query) store_key(past->keys + at, position + t, head, d->head_size);
                }
            attend(d, past, i, position, m, room.qkv, qkv_size, room.shares, n_spans, seen);
#pragma omp barrier
            gather(d, i, position, m, room.shares, n_spans, room.attended);
#pragma omp barrier
            quantise_all(room.attended, m, heads_size, &room.attended_inputs);
            linear(&layer->out, &room.attended_inputs, x, hidden, RESIDUAL, d->residual_scale, 0, room.low, room.low_inputs);
#pragma omp barrier
            normalise_all(d, x, m, layer->before_mlp, one, &room.normed);
            linear(&layer->rise, &room.normed, room.middle, d->middle, d->is_gated ? GATED : ACTIVATED, 0.0f,
                   d->activation, room.low, room.low_inputs);
#pragma omp barrier
            quantise_all(room.middle, m, d->middle, &room.middle_inputs);
            linear(&layer->fall, &room.middle_inputs, x, hidden, RESIDUAL, d->residual_scale, 0, room.low, room.low_inputs);
#pragma omp barrier
        }
        Inputs last = room.normed;
        last.m = n_logits;
        normalise_all(d, x + (size_t)(m - n_logits) * hidden, n_logits, d->last_norm, one, &last);
#pragma omp for schedule(guided)
        for (int turn = 0; turn < d->head.rows; turn += 4 * ROWS_A_TURN) {
            const int end = turn + 4 * ROWS_A_TURN < d->head.rows ? turn + 4 * ROWS_A_TURN : d->head.rows;
            float sums[MOST_TOKENS][TILE_ROWS];
            for (int row = turn; row < end; row += TILE_ROWS) {
                tile(&d->head, row, &last, sums);
                for (int t = 0; t < n_logits; t++)
                    for (int r = 0; r < TILE_ROWS && row + r < d->n_vocabulary; r++)
                        logits[(size_t)t * d->n_vocabulary + row + r] = sums[t][r] * d->logit_scale;
            }
        }
    }
    free(memory);
    return 0;
}
