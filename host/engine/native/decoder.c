/* A decoder's forward pass for a few tokens at a time: int8 weights, fp32 sums, one call for all layers.
 *
 * Decoding reads every weight once for each step, so a step takes as long as memory needs to deliver them: they are
 * int8 with a scale for each row, packed in the order in which they are read. All threads stay in one parallel
 * region, with a barrier where one needs what the others made. What a token gets does not depend on how many are
 * read beside it: each sum is made in the same order. So drafts that are verified together change no token.
 *
 * The layouts are those of host/engine/native.py. */

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#ifdef _OPENMP
#include <omp.h>
#endif

#include "simd.h"

enum { MOST_TOKENS = 32, TILE_ROWS = 4, TILE_COLUMNS = 16, SPAN = 64, ROWS_A_TURN = 32 };
/* Of a head, which has 256 channels at most. */
enum { MOST_PARTS = 256 / LANES };

/* [rows / 4][columns / 16][4][16] weights; value = weight * scale[row]. */
typedef struct { const int8_t *weights; const float *scales; int32_t rows, columns; } Matrix;

/* y = W x + bias + up (down x); no bias: NULL, no low-rank part: down.rows = 0. */
typedef struct { Matrix weight, down, up; const float *bias; } Linear;

typedef struct { const float *weight, *bias; } Norm;

typedef struct {
    Norm before_attention, before_mlp;
    Norm query, key; /* over each head; weight NULL: none */
    Linear qkv, out, rise, fall; /* rise of a gated MLP: tiles of two gate rows and two up rows */
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
    int32_t keys_are_bf16, n_vocabulary;
    float norm_epsilon, attention_scale, residual_scale, logit_scale;
} Decoder;

/* Keys and values: [layer, head, token, size] with these strides in elements. */
typedef struct { void *keys, *values; int64_t layer_stride, head_stride; } Past;

/* ---- numbers ---- */

static inline float exp_(float x) {
    /* 2^n * e^r, |r| <= ln 2 / 2, by a polynomial: good to about 2 ulp, and compilers vectorise it. */
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
    return (p * r * r + r + 1.0f) * power.value;
}

static inline float activate(float x, int kind) {
    if (kind == 0) return x / (1.0f + exp_(-x));
    if (kind == 1) return 0.5f * x * (1.0f + tanhf(0.79788456f * (x + 0.044715f * x * x * x)));
    return 0.5f * x * (1.0f + erff(x * 0.70710678f));
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

/* ---- matrices ---- */

/* What a tile's sums become: y, y + scale * residual, activation, activation(gate) * up. */
typedef enum { PLAIN, RESIDUAL, ACTIVATED, GATED } After;

/* Four rows times M tokens: sums[token][row]. Each sum has one accumulator, filled in order, whatever M is. As many rows
 * at a time as leave the accumulators in AVX2's 16 registers. */
#define TILE(M, ROWS)                                                                                      \
    static void tile_##M(const int8_t *w, int columns, const float *x, int stride, float sums[][TILE_ROWS]) { \
        for (int first = 0; first < TILE_ROWS; first += ROWS) {                                            \
            const int8_t *block = w + first * TILE_COLUMNS;                                                \
            vec acc[ROWS][M], in[M];                                                                       \
            for (int r = 0; r < ROWS; r++)                                                                 \
                for (int m = 0; m < M; m++) acc[r][m] = vec_zero();                                        \
            for (int c = 0; c < columns; c += TILE_COLUMNS, block += TILE_ROWS * TILE_COLUMNS) {           \
                if (first == 0) __builtin_prefetch(block + 4096);                                          \
                for (int part = 0; part < TILE_COLUMNS; part += LANES) {                                   \
                    for (int m = 0; m < M; m++) in[m] = vec_load(x + (size_t)m * stride + c + part);       \
                    for (int r = 0; r < ROWS; r++) {                                                       \
                        vec weight = vec_widen(block + r * TILE_COLUMNS + part);                           \
                        for (int m = 0; m < M; m++) acc[r][m] = vec_fma(weight, in[m], acc[r][m]);         \
                    }                                                                                      \
                }                                                                                          \
            }                                                                                              \
            for (int r = 0; r < ROWS; r++)                                                                 \
                for (int m = 0; m < M; m++) sums[m][first + r] = vec_sum(acc[r][m]);                       \
        }                                                                                                  \
    }
TILE(1, 4) TILE(2, 4) TILE(3, 4) TILE(4, 2)

static void tile(const Matrix *matrix, int row, const float *x, int stride, int m, float sums[][TILE_ROWS]) {
    const int8_t *w = matrix->weights + (size_t)row * matrix->columns;
    const int n = matrix->columns;
    for (int t = 0; t < m; t += 4) { /* the weights come from memory once, then from the nearest cache */
        const float *from = x + (size_t)t * stride;
        switch (m - t) {
        case 1: tile_1(w, n, from, stride, sums + t); break;
        case 2: tile_2(w, n, from, stride, sums + t); break;
        case 3: tile_3(w, n, from, stride, sums + t); break;
        default: tile_4(w, n, from, stride, sums + t); break;
        }
    }
    for (int t = 0; t < m; t++)
        for (int r = 0; r < TILE_ROWS; r++) sums[t][r] *= matrix->scales[row + r];
}

/* Rows of a linear layer for all tokens, shared among the threads; the caller puts a barrier behind it.
 * x: [m][x_stride], y: [m][y_stride]. `low` is each thread's own room for down x. */
static void linear(const Linear *layer, const float *x, int x_stride, int m, float *y, int y_stride, After after,
                   float residual_scale, int activation, float *low) {
    const int rank = layer->down.rows;
    float sums[MOST_TOKENS][TILE_ROWS], more[MOST_TOKENS][TILE_ROWS];
    for (int row = 0; row < rank; row += TILE_ROWS) { /* so few rows that each thread makes them all */
        tile(&layer->down, row, x, x_stride, m, sums);
        for (int t = 0; t < m; t++) memcpy(low + (size_t)t * rank + row, sums[t], sizeof sums[t]);
    }
#pragma omp for schedule(dynamic) nowait
    for (int turn = 0; turn < layer->weight.rows; turn += ROWS_A_TURN) {
        const int end = turn + ROWS_A_TURN < layer->weight.rows ? turn + ROWS_A_TURN : layer->weight.rows;
        for (int row = turn; row < end; row += TILE_ROWS) {
            tile(&layer->weight, row, x, x_stride, m, sums);
            if (rank) {
                tile(&layer->up, row, low, rank, m, more);
                for (int t = 0; t < m; t++)
                    for (int r = 0; r < TILE_ROWS; r++) sums[t][r] += more[t][r];
            }
            for (int t = 0; t < m; t++) {
                float *s = sums[t];
                if (layer->bias)
                    for (int r = 0; r < TILE_ROWS; r++) s[r] += layer->bias[row + r];
                if (after == GATED) {
                    float *to = y + (size_t)t * y_stride + row / 2;
                    for (int r = 0; r < 2; r++) to[r] = activate(s[r], activation) * s[r + 2];
                    continue;
                }
                float *to = y + (size_t)t * y_stride + row;
                for (int r = 0; r < TILE_ROWS; r++)
                    to[r] = after == RESIDUAL ? to[r] + residual_scale * s[r] : after == ACTIVATED ? activate(s[r], activation) : s[r];
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

/* The keys or values of some tokens of one head as fp32. */
static void read_past(const void *from, size_t at, int n, int is_bf16, float *to) {
    if (!is_bf16) memcpy(to, (const float *)from + at, (size_t)n * sizeof *to);
    else for (int i = 0; i < n; i += LANES) vec_store(to + i, vec_load_bf16((const uint16_t *)from + at + i));
}

static void store_past(void *to, size_t at, const float *from, int n, int is_bf16) {
    if (!is_bf16) memcpy((float *)to + at, from, (size_t)n * sizeof *from);
    else for (int i = 0; i < n; i++) ((uint16_t *)to)[at + i] = to_bf16(from[i]);
}

/* One query over n tokens: its share is a sum of values, with the greatest score and the sum of the weights before it
 * ("Online normalizer calculation for softmax", Milakov and Gimelshein 2018). keys, values: [n][size]. */
static inline __attribute__((always_inline)) void attend_one(const float *query, const float *keys, const float *values,
                                                             int n, int size, float scale, float *share) {
    float scores[SPAN + 4];
    float most = -INFINITY, total = 0.0f;
    for (int t = 0; t < n; t += 4) { /* four at a time; those past the end are read from the room, and left out */
        vec acc[4] = {vec_zero(), vec_zero(), vec_zero(), vec_zero()};
        for (int i = 0; i < size; i += LANES) {
            vec q = vec_load(query + i);
            for (int j = 0; j < 4; j++) acc[j] = vec_fma(q, vec_load(keys + (t + j) * size + i), acc[j]);
        }
        vec_sum4(acc[0], acc[1], acc[2], acc[3], scores + t);
    }
    for (int t = 0; t < n; t++) scores[t] *= scale;
    for (int t = 0; t < n; t++) most = scores[t] > most ? scores[t] : most;
    for (int t = 0; t < n; t++) scores[t] = exp_(scores[t] - most);
    for (int t = 0; t < n; t++) total += scores[t];
    vec acc[MOST_PARTS];
    for (int i = 0; i < size / LANES; i++) acc[i] = vec_zero();
    for (int t = 0; t < n; t++) {
        vec weight = vec_set(scores[t]);
        for (int i = 0; i < size / LANES; i++) acc[i] = vec_fma(weight, vec_load(values + t * size + i * LANES), acc[i]);
    }
    for (int i = 0; i < size / LANES; i++) vec_store(share + 2 + i * LANES, acc[i]);
    share[0] = most;
    share[1] = total;
}

static void attend_span(const float *query, const float *keys, const float *values, int n, int size, float scale,
                        float *share) {
    switch (size) { /* known sizes, so that the sums stay in registers */
    case 64: attend_one(query, keys, values, n, 64, scale, share); break;
    case 128: attend_one(query, keys, values, n, 128, scale, share); break;
    default: attend_one(query, keys, values, n, size, scale, share); break;
    }
}

static int first_seen(int position, int window) { return window && position + 1 > window ? position + 1 - window : 0; }

/* All queries over all spans of keys, shared among the threads. shares: [m][heads][spans][2 + head size];
 * `keys` is each thread's own room for a span of keys and values. */
static void attend(const Decoder *d, const Past *past, int layer, int position, int m, const float *qkv, int qkv_stride,
                   float *shares, int n_spans, float *keys) {
    float *values = keys + (SPAN + 4) * d->head_size;
    const int group = d->n_heads / d->n_key_heads, size = d->head_size;
    const int first = first_seen(position, d->layers[layer].window) / SPAN;
#pragma omp for collapse(2) schedule(dynamic) nowait
    for (int span = first; span < n_spans; span++)
        for (int k = 0; k < d->n_key_heads; k++) {
            const int start = span * SPAN, end = position + m < start + SPAN ? position + m : start + SPAN;
            const size_t at = (size_t)layer * past->layer_stride + (size_t)k * past->head_stride + (size_t)start * size;
            read_past(past->keys, at, (end - start) * size, d->keys_are_bf16, keys);
            read_past(past->values, at, (end - start) * size, d->keys_are_bf16, values);
            for (int t = 0; t < m; t++) {
                const int seen = first_seen(position + t, d->layers[layer].window);
                const int from = seen > start ? seen - start : 0;
                const int to = (position + t + 1 < end ? position + t + 1 : end) - start;
                for (int h = k * group; h < (k + 1) * group; h++) {
                    float *share = shares + (((size_t)t * d->n_heads + h) * n_spans + span) * (2 + size);
                    const float *query = qkv + (size_t)t * qkv_stride + h * size;
                    if (from < to)
                        attend_span(query, keys + from * size, values + from * size, to - from, size, d->attention_scale, share);
                    else share[1] = 0.0f;
                }
            }
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

static size_t padded(size_t n) { return (n + 15) & ~(size_t)15; }

/* Read m (1 to 32) tokens that stand at `position` and after it.
 *
 * x: [m][hidden], the embedded tokens; overwritten. logits: [n_logits][n_vocabulary] of the last n_logits tokens.
 * Returns 0, or 1 when there is no memory. */
int midspan_decode(const Decoder *d, const Past *past, float *x, int m, int position, float *logits, int n_logits,
                   int n_threads) {
    const int heads_size = d->n_heads * d->head_size, keys_size = d->n_key_heads * d->head_size;
    const int qkv_size = heads_size + 2 * keys_size, hidden = d->hidden;
    const int n_spans = (position + m + SPAN - 1) / SPAN;
    int rank = 0;
    for (int i = 0; i < d->n_layers; i++) {
        const Linear *all[] = {&d->layers[i].qkv, &d->layers[i].out, &d->layers[i].rise, &d->layers[i].fall};
        for (int j = 0; j < 4; j++) rank = all[j]->down.rows > rank ? all[j]->down.rows : rank;
    }
    const size_t n_qkv = padded((size_t)m * qkv_size), n_attended = padded((size_t)m * heads_size);
    const size_t n_middle = padded((size_t)m * d->middle);
    const size_t n_shares = padded((size_t)m * d->n_heads * n_spans * (2 + d->head_size));
    const size_t n_normed = padded((size_t)m * hidden), n_low = padded((size_t)m * rank + 16);
    const size_t n_span = padded((size_t)2 * (SPAN + 4) * d->head_size);
    const size_t n_own = n_normed + n_low + n_span;
    float *room = aligned_alloc(64, (n_qkv + n_attended + n_middle + n_shares + n_own * (size_t)n_threads) * sizeof *room);
    if (!room) return 1;
    float *qkv = room, *attended = qkv + n_qkv, *middle = attended + n_attended, *shares = middle + n_middle;

#pragma omp parallel num_threads(n_threads)
    {
#ifdef _OPENMP
        float *normed = shares + n_shares + n_own * (size_t)omp_get_thread_num();
#else
        float *normed = shares + n_shares;
#endif
        float *low = normed + n_normed, *span = low + n_low;
        for (int i = 0; i < d->n_layers; i++) {
            const Layer *layer = &d->layers[i];
            for (int t = 0; t < m; t++) /* cheaper for each thread than to wait for another */
                normalise(x + (size_t)t * hidden, hidden, layer->before_attention, d->is_layer_norm, d->norm_epsilon,
                          normed + (size_t)t * hidden);
            linear(&layer->qkv, normed, hidden, m, qkv, qkv_size, PLAIN, 0.0f, 0, low);
#pragma omp barrier
#pragma omp for collapse(2) schedule(static)
            for (int t = 0; t < m; t++)
                for (int h = 0; h < d->n_heads + 2 * d->n_key_heads; h++) {
                    float *head = qkv + (size_t)t * qkv_size + h * d->head_size;
                    const int is_value = h >= d->n_heads + d->n_key_heads, is_query = h < d->n_heads;
                    if (!is_value) {
                        const Norm norm = is_query ? layer->query : layer->key;
                        if (norm.weight) normalise(head, d->head_size, norm, 0, d->norm_epsilon, head);
                        const size_t row = (size_t)(position + t) * d->rotary_size;
                        rotate(head, d->cosines + row, d->sines + row, d->rotary_size);
                    }
                    if (!is_query) {
                        const int k = (h - d->n_heads) % d->n_key_heads;
                        const size_t at = (size_t)i * past->layer_stride + (size_t)k * past->head_stride +
                                          (size_t)(position + t) * d->head_size;
                        store_past(is_value ? past->values : past->keys, at, head, d->head_size, d->keys_are_bf16);
                    }
                }
            attend(d, past, i, position, m, qkv, qkv_size, shares, n_spans, span);
#pragma omp barrier
            gather(d, i, position, m, shares, n_spans, attended);
#pragma omp barrier
            linear(&layer->out, attended, heads_size, m, x, hidden, RESIDUAL, d->residual_scale, 0, low);
#pragma omp barrier
            for (int t = 0; t < m; t++)
                normalise(x + (size_t)t * hidden, hidden, layer->before_mlp, d->is_layer_norm, d->norm_epsilon,
                          normed + (size_t)t * hidden);
            linear(&layer->rise, normed, hidden, m, middle, d->middle, d->is_gated ? GATED : ACTIVATED, 0.0f,
                   d->activation, low);
#pragma omp barrier
            linear(&layer->fall, middle, d->middle, m, x, hidden, RESIDUAL, d->residual_scale, 0, low);
#pragma omp barrier
        }
        const float *first = x + (size_t)(m - n_logits) * hidden;
        for (int t = 0; t < n_logits; t++)
            normalise(first + (size_t)t * hidden, hidden, d->last_norm, d->is_layer_norm, d->norm_epsilon,
                      normed + (size_t)t * hidden);
#pragma omp for schedule(dynamic)
        for (int turn = 0; turn < d->head.rows; turn += 4 * ROWS_A_TURN) {
            const int end = turn + 4 * ROWS_A_TURN < d->head.rows ? turn + 4 * ROWS_A_TURN : d->head.rows;
            float sums[MOST_TOKENS][TILE_ROWS];
            for (int row = turn; row < end; row += TILE_ROWS) {
                tile(&d->head, row, normed, hidden, n_logits, sums);
                for (int t = 0; t < n_logits; t++)
                    for (int r = 0; r < TILE_ROWS && row + r < d->n_vocabulary; r++)
                        logits[(size_t)t * d->n_vocabulary + row + r] = sums[t][r] * d->logit_scale;
            }
        }
    }
    free(room);
    return 0;
}
