/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* How many names a second mba_rules_match() decides, on one core, for the
   default rules, for 1,000 rules without wildcards and for 1,000 with.

   The names are drawn from parts of many lengths and first letters, a part of
   them hidden, in an order without a pattern: neither the branch predictor nor
   the comparison of first byte and length is helped. All names fit in the
   cache, as those of one directory do. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "mailbox-audit.h"

#define NAMES_COUNT 4096
#define MAX_NAME_LEN 128
#define RULES_COUNT 1000
#define MIN_SECONDS 1.0
#define RUNS 5

static const char *const names[] = {
	"INBOX", "Archive/2019/lists", "mail/foo", "Sent", "Drafts", "Trash",
	"mail/dovecot-announce", "Archive/2003/project/minutes", ".cache",
	".git/objects/3f", "public_html", "public_html/pics/summer.jpg",
	"Documents/thesis/chapter-%u.tex", "src/hello-%u.c", "mail/%u",
	"Archive/%u/sent", "lists/ietf/%u", "projects/%u/README",
	".local/share/%u", "Desktop/photo %u", "work/%u/build/main.o",
	"notes-%u", "mbox-%u", "students/%u/feedback"
};
#define PATTERNS_COUNT (sizeof(names) / sizeof(names[0]))

struct name {
	char levels[MAX_NAME_LEN];
	size_t len;
};

static struct name sample[NAMES_COUNT];

/* Numerical Recipes' generator: the same names in each run. */
static uint32_t next_random(void)
{
	static uint32_t state = 1;

	state = state * 1664525 + 1013904223;
	return state >> 8;
}

static void make_names(void)
{
	for (unsigned int i = 0; i < NAMES_COUNT; i++) {
		const char *pattern = names[next_random() % PATTERNS_COUNT];
		const char *number = strstr(pattern, "%u");
		struct name *name = &sample[i];

		if (number == NULL) {
			snprintf(name->levels, sizeof(name->levels), "%s",
				 pattern);
		} else {
			snprintf(name->levels, sizeof(name->levels), "%.*s%u%s",
				 (int)(number - pattern), pattern,
				 next_random() % 10000, number + 2);
		}
		name->len = strlen(name->levels);
		for (size_t j = 0; j < name->len; j++) {
			if (name->levels[j] == '/')
				name->levels[j] = '\0';
		}
	}
}

/* A word of 3 to 14 letters. */
static const char *make_word(void)
{
	static char word[16];
	unsigned int len = 3 + next_random() % 12;

	for (unsigned int i = 0; i < len; i++)
		word[i] = 'a' + next_random() % 26;
	word[len] = '\0';
	if (next_random() % 4 == 0)
		word[0] -= 'a' - 'A';
	return word;
}

static void add_rule(struct mba_rules *rules, const char *words)
{
	char *error;

	if (mba_rules_add_words(rules, words, "bench", &error) < 0) {
		fprintf(stderr, "bench-rules: %s\n", error);
		exit(1);
	}
}

/* Returns rules made of words between the formats, which end with NULL. */
static struct mba_rules *make_rules(const char *const *formats)
{
	struct mba_rules *rules = mba_rules_new();
	char rule[64];
	unsigned int n = 0;

	/* what the default rules hide */
	add_rule(rules, ".cache .git .local public_html");
	for (unsigned int i = 4; i < RULES_COUNT; i++) {
		if (formats[n] == NULL)
			n = 0;
		snprintf(rule, sizeof(rule), "%s%s%s", formats[n], make_word(),
			 formats[n + 1]);
		n += 2;
		add_rule(rules, rule);
	}
	return rules;
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

/* Returns names a second, the best of some runs. */
static double measure(const struct mba_rules *rules, unsigned int *hidden_r)
{
	double best = 0, start, seconds;
	uint64_t done;

	for (unsigned int run = 0; run < RUNS; run++) {
		start = now();
		done = 0;
		do {
			*hidden_r = 0;
			for (unsigned int i = 0; i < NAMES_COUNT; i++) {
				*hidden_r += mba_rules_match(
					rules, sample[i].levels, sample[i].len,
					0, MBA_DIR_NO, NULL, NULL) ==
					MBA_MATCH_HIDDEN ? 1 : 0;
			}
			done += NAMES_COUNT;
			seconds = now() - start;
		} while (seconds < MIN_SECONDS);
		if (done / seconds > best)
			best = done / seconds;
	}
	return best;
}

static void bench(const char *what, struct mba_rules *rules)
{
	unsigned int hidden;
	double rate = measure(rules, &hidden);

	printf("%-28s %6.2f million names/s %7.1f ns/name, %u of %u hidden\n",
	       what, rate / 1e6, 1e9 / rate, hidden, NAMES_COUNT);
	mba_rules_free(&rules);
}

int main(void)
{
	static const char *const literals[] = { "", "", NULL };
	static const char *const anchored[] = { "/", "", NULL };
	static const char *const globs[] = {
		"", "*", "*.", "", "", "-[0-9]*", "*", "?", NULL
	};

	make_names();
	bench("default rules", mba_rules_new());
	bench("1000 literal rules", make_rules(literals));
	bench("1000 anchored literal rules", make_rules(anchored));
	bench("1000 rules with wildcards", make_rules(globs));
	return 0;
}
