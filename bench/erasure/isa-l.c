// Times ISA-L, memcpy and XOR for bench/erasure.ts: reads "op k m shard-bytes rounds" lines, answers each with seconds or "absent".
// Seconds are of CPU time, so that what else runs on the machine counts less. Data bytes counted are k * shard-bytes a round; for the crc, memcpy and sweep operations too.

#define _POSIX_C_SOURCE 200809L
#include <isa-l.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SHARDS_MAX 20
#define GAP 128

static unsigned char *shards[SHARDS_MAX];
static unsigned char matrix[SHARDS_MAX * 16], tables[4 * 16 * 32];
static volatile uint64_t sink;

static double now(void) {
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec + t.tv_nsec * 1e-9;
}

static void layOut(int frames, size_t bytes) {
	static unsigned char *memory;
	free(memory);
	size_t stride = bytes + GAP;
	memory = aligned_alloc(64, (stride * frames + 63) & ~(size_t)63);
	for (size_t i = 0; i < stride * frames; i++) memory[i] = (unsigned char)(i * 2654435761u >> 13);
	for (int i = 0; i < frames; i++) shards[i] = memory + stride * i;
}

// Tables that rebuild the first `lost` data shards from the other data shards and the first parity shards.
static void planDecode(int k, int m, int lost, unsigned char **from, unsigned char **to) {
	unsigned char left[16 * 16], inverse[16 * 16];
	gf_gen_cauchy1_matrix(matrix, k + m, k);
	for (int i = 0; i < k; i++) {
		int shard = i + lost;
		memcpy(left + i * k, matrix + shard * k, k);
		from[i] = shards[shard];
	}
	gf_invert_matrix(left, inverse, k);
	ec_init_tables(k, lost, inverse, tables);
	for (int i = 0; i < lost; i++) to[i] = shards[i];
}

static double run(const char *op, int k, int m, size_t bytes, int rounds) {
	unsigned char *from[16], *to[4];
	int lost = !strcmp(op, "reconstruct-1") ? 1 : !strcmp(op, "reconstruct-2") ? 2 : 0;
	if (lost) {
		planDecode(k, m, lost, from, to);
	} else {
		gf_gen_cauchy1_matrix(matrix, k + m, k);
		ec_init_tables(k, m, matrix + k * k, tables);
	}
	double start = now();
	for (int round = 0; round < rounds; round++) {
		if (lost) ec_encode_data((int)bytes, k, lost, tables, from, to);
		else if (!strcmp(op, "encode")) ec_encode_data((int)bytes, k, m, tables, shards, shards + k);
		else if (!strcmp(op, "xor")) xor_gen(k + 1, (int)bytes, (void **)shards);
		else if (!strcmp(op, "memcpy")) for (int i = 0; i < k; i++) memcpy(shards[k], shards[i], bytes);
		else if (!strcmp(op, "crc32")) for (int i = 0; i < k; i++) sink += crc32_gzip_refl(0, shards[i], bytes);
		else if (!strcmp(op, "crc32c")) for (int i = 0; i < k; i++) sink += crc32_iscsi(shards[i], (int)bytes, 0);
#ifdef HAVE_CRC64_ROCKSOFT
		else if (!strcmp(op, "crc64nvme")) for (int i = 0; i < k; i++) sink += crc64_rocksoft_refl(0, shards[i], bytes);
#endif
		else return -1;
	}
	return now() - start;
}

int main(void) {
	char op[32];
	int k, m, rounds, laidOut = 0;
	size_t bytes, laidOutBytes = 0;
	while (scanf("%31s %d %d %zu %d", op, &k, &m, &bytes, &rounds) == 5) {
		if (laidOut != k + m || laidOutBytes != bytes) layOut(laidOut = k + m, laidOutBytes = bytes);
		double seconds = run(op, k, m, bytes, rounds);
		if (seconds < 0) printf("absent\n");
		else printf("%.9f\n", seconds);
		fflush(stdout);
	}
}
