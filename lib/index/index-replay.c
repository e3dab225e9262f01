/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* The hard thing is what stands for what: an extension's id is its number in
   the index file, then in the order in which the log introduces them; the
   first keyword takes such a number without an introduction. What follows an
   introduction belongs to that extension, and its records have the size that
   was said there. Where the reset id isn't the extension's, what follows was
   written by somebody who didn't know yet of the reset, and doesn't count. */

#include <stddef.h>
#include <string.h>

#include "index-log-check.h"
#include "index-problem.h"
#include "index-replay.h"

#define EXT_INTRO_SIZE 20
#define EXT_ID_NEW UINT32_MAX
#define EXT_FLAG_NO_SHRINK 0x01
/* what Dovecot adds to the keywords' header for the next ones */
#define KEYWORDS_HEADER_ROOM 128
/* the extension that only changes of keywords make and change */
static const char keywords_name[] = "keywords";
static const char other_s_text[] =
	"what is another extension's changes keywords";

struct replay {
	struct index_state *state;
	const struct index_log_header *log_hdr;
	const struct index_transaction *trans;
	/* of the transaction's data */
	struct cursor cursor;

	/* the extension that was introduced last: its number, -1 if there is
	   none; what to do with its updates */
	int64_t ext;
	uint32_t ext_record_size;
	bool ext_ignore;
};

static void fail(struct replay *replay, const char *text)
{
	index_problem_note(replay->state, replay->log_hdr->file_seq,
			   replay->trans->offset, text);
}

static void contradiction(struct replay *replay, const char *text,
			  uint64_t value, uint64_t other)
{
	index_problem_contradiction(replay->state, replay->log_hdr->file_seq,
				    replay->trans->offset, text, value, other);
}

static struct index_ext_state *replay_ext(struct replay *replay)
{
	return &replay->state->exts.exts[replay->ext];
}

/* Messages whose flags aren't in the mails yet mark the index. */
static void mark_dirty(struct index_state *state, uint8_t flags)
{
	if ((flags & INDEX_FLAG_DIRTY) != 0)
		state->hdr.flags |= INDEX_HEADER_HAVE_DIRTY;
}

static void replay_append(struct replay *replay)
{
	struct index_state *state = replay->state;
	uint32_t uid;
	uint8_t flags;

	while (cursor_left(&replay->cursor) >= 8) {
		uid = cursor_u32(&replay->cursor);
		flags = cursor_u8(&replay->cursor);
		(void)cursor_bytes(&replay->cursor, 3);
		if (uid < state->hdr.next_uid || uid == UINT32_MAX) {
			contradiction(replay, "a message is added whose UID is "
				      "lower than next_uid", uid,
				      state->hdr.next_uid);
			/* nor is what comes after it in the transaction */
			return;
		}
		index_records_append(&state->records, uid, flags);
		mark_dirty(state, flags);
		state->hdr.next_uid = uid + 1;
	}
}

/* What somebody wants to be done is about messages that are there, or were:
   else Dovecot does it for each UID of the range all the same, or panics. */
static void check_wish(struct replay *replay, uint32_t uid)
{
	const uint32_t next_uid = replay->state->hdr.next_uid;

	if (!replay->trans->external && uid >= next_uid) {
		contradiction(replay, "a change is wanted of a message whose "
			      "UID isn't lower than next_uid", uid, next_uid);
	}
}

/* The same of ranges of which nothing else is kept. */
static void check_ranges(struct replay *replay)
{
	while (cursor_left(&replay->cursor) > 0) {
		(void)cursor_u32(&replay->cursor);
		check_wish(replay, cursor_u32(&replay->cursor));
	}
}

static void replay_expunge(struct replay *replay)
{
	bool has_guid = replay->trans->type == INDEX_LOG_EXPUNGE_GUID;
	uint32_t uid1, uid2;

	while (cursor_left(&replay->cursor) > 0) {
		uid1 = uid2 = cursor_u32(&replay->cursor);
		if (has_guid)
			(void)cursor_bytes(&replay->cursor, INDEX_GUID_SIZE);
		else
			uid2 = cursor_u32(&replay->cursor);
		check_wish(replay, uid2);
		/* else somebody asks for it only */
		if (!replay->cursor.failed && replay->trans->external) {
			index_records_expunge(&replay->state->records, uid1,
					      uid2);
		}
	}
	index_records_compact(&replay->state->records, false);
}

static void replay_flags(struct replay *replay)
{
	struct index_flag_update update;
	const unsigned char *bytes;

	while (cursor_left(&replay->cursor) > 0) {
		bytes = cursor_bytes(&replay->cursor, INDEX_FLAG_UPDATE_SIZE);
		if (bytes == NULL)
			break;
		index_flag_update_decode(bytes, &update);
		check_wish(replay, update.uid2);
		if (index_records_update_flags(&replay->state->records,
					       &update))
			mark_dirty(replay->state, update.add);
	}
}

/* The fields that a log changes, in the order in which they stand in the file.
   Those that say how the file is made, or where it is, aren't the log's. */
static const struct {
	uint16_t offset, size;
	size_t field;
} fields[] = {
#define FIELD(offset, name) \
	{ INDEX_OFFSET_##offset, sizeof(((struct index_header *)NULL)->name), \
	  offsetof(struct index_header, name) }
	FIELD(INDEXID, indexid),
	FIELD(FLAGS, flags),
	FIELD(UID_VALIDITY, uid_validity),
	FIELD(NEXT_UID, next_uid),
	FIELD(FIRST_RECENT_UID, first_recent_uid),
	FIELD(FIRST_UNSEEN_LOWWATER, first_unseen_lowwater),
	FIELD(FIRST_DELETED_LOWWATER, first_deleted_lowwater),
	FIELD(LOG2_ROTATE_TIME, log2_rotate_time),
	FIELD(LAST_TEMP_FILE_SCAN, last_temp_file_scan),
	FIELD(DAY_STAMP, day_stamp),
	FIELD(DAY_FIRST_UID, day_first_uid),
#undef FIELD
};

/* Put bytes of a header into the fields. */
static void header_update(struct index_header *hdr, uint32_t offset,
			  const unsigned char *data, uint32_t size)
{
	uint32_t next_uid = hdr->next_uid, begin, end;

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]) &&
	     fields[i].offset < offset + size; i++) {
		begin = offset > fields[i].offset ? offset : fields[i].offset;
		end = fields[i].offset + fields[i].size;
		if (offset + size < end)
			end = offset + size;
		if (begin < end) {
			memcpy((char *)hdr + fields[i].field +
			       (begin - fields[i].offset),
			       data + (begin - offset), end - begin);
		}
	}
	/* that one never shrinks */
	if (hdr->next_uid < next_uid)
		hdr->next_uid = next_uid;
}

static void replay_header(struct replay *replay)
{
	const struct index_transaction *trans = replay->trans;
	struct index_header *hdr = &replay->state->hdr;
	struct index_header_update update;
	uint32_t tail, end;

	while (index_header_update_next(&replay->cursor, &update) > 0) {
		end = (uint32_t)update.offset + update.size;
		if (end > hdr->base_header_size) {
			contradiction(replay, "the header is changed past its "
				      "end", end, hdr->base_header_size);
			return;
		}
		/* it isn't taken into the state, which is the log's */
		if (index_header_update_tail(&update, &tail) &&
		    tail > trans->offset + trans->size) {
			contradiction(replay, "the log's tail is said to be "
				      "after what says so", tail,
				      trans->offset + trans->size);
		}
		header_update(hdr, update.offset, update.data, update.size);
	}
}

struct ext_intro {
	uint32_t id, reset_id, hdr_size;
	uint16_t record_size, record_align, flags, name_size;
	/* before a NUL, if there is one */
	size_t name_len;
	const char *name;
};

/* Returns FALSE if there is no more of them. */
static bool intro_read(struct cursor *c, struct ext_intro *intro_r)
{
	if (cursor_left(c) < EXT_INTRO_SIZE)
		return false;
	intro_r->id = cursor_u32(c);
	intro_r->reset_id = cursor_u32(c);
	intro_r->hdr_size = cursor_u32(c);
	intro_r->record_size = cursor_u16(c);
	intro_r->record_align = cursor_u16(c);
	intro_r->flags = cursor_u16(c);
	intro_r->name_size = cursor_u16(c);
	intro_r->name = (const char *)cursor_bytes(c, intro_r->name_size);
	cursor_align(c, 4);
	if (c->failed)
		return false;
	intro_r->name_len = strnlen(intro_r->name, intro_r->name_size);
	return true;
}

/* Returns the extension that is introduced, NULL if that makes no sense. */
static struct index_ext_state *
intro_ext(struct index_exts *exts, const struct ext_intro *intro)
{
	struct index_ext_state *ext;

	if (intro->id != EXT_ID_NEW) {
		return intro->id < exts->count ? &exts->exts[intro->id] :
			NULL;
	}
	if (intro->name_size == 0 ||
	    !index_ext_name_is_valid(intro->name, intro->name_len))
		return NULL;
	ext = index_exts_find(exts, intro->name, intro->name_len);
	if (ext == NULL && exts->count < INDEX_EXTS_MAX) {
		ext = index_exts_add(exts, intro->name, intro->name_len);
		ext->reset_id = intro->reset_id;
	}
	return ext;
}

/* Returns the words that a header takes in the index file. */
static uint32_t header_words(uint32_t hdr_size)
{
	return (hdr_size + 7) / 8;
}

/* A header that may not shrink does so where it takes as much of the file. */
static void ext_set_sizes(struct index_ext_state *ext,
			  const struct ext_intro *intro)
{
	bool shrink = (intro->flags & EXT_FLAG_NO_SHRINK) == 0;

	if (header_words(intro->hdr_size) >= header_words(ext->hdr_size) ||
	    shrink)
		index_ext_resize(ext, intro->hdr_size);
	if (intro->record_size > ext->record_size || shrink)
		ext->record_size = intro->record_size;
	if (intro->record_align > ext->record_align || shrink)
		ext->record_align = intro->record_align;
}

static void replay_intro(struct replay *replay)
{
	struct index_exts *exts = &replay->state->exts;
	struct index_ext_state *ext;
	struct ext_intro intro;

	while (intro_read(&replay->cursor, &intro)) {
		replay->ext = -1;
		/* all of them are compared */
		if (!cursor_budget_spend(&replay->state->budget, exts->count))
			replay->cursor.failed = true;
		if (index_ext_check(intro.hdr_size, intro.record_size,
				    intro.record_align) != NULL ||
		    (ext = intro_ext(exts, &intro)) == NULL ||
		    strcmp(ext->name, keywords_name) == 0) {
			fail(replay, "an extension's introduction isn't valid");
			return;
		}
		if (intro.name_len < intro.name_size)
			fail(replay, "an extension's name has a NUL in it");
		replay->ext = ext - exts->exts;
		replay->ext_record_size = intro.record_size;
		replay->ext_ignore = intro.reset_id != ext->reset_id;
		if (!replay->ext_ignore)
			ext_set_sizes(ext, &intro);
	}
}

static enum index_column ext_column(const struct index_ext_state *ext)
{
	if (ext->info == NULL || ext->info->column == INDEX_COLUMN_NONE ||
	    ext->record_size < index_column_size(ext->info->column))
		return INDEX_COLUMN_NONE;
	return ext->info->column;
}

static void replay_reset(struct replay *replay)
{
	struct index_ext_state *ext;
	uint32_t reset_id;
	bool preserve = false;

	reset_id = cursor_u32(&replay->cursor);
	if (cursor_left(&replay->cursor) > 0)
		preserve = cursor_u8(&replay->cursor) != 0;
	if (replay->ext == -1 || replay->cursor.failed) {
		fail(replay, "an extension is reset that wasn't introduced");
		return;
	}
	ext = replay_ext(replay);
	if (strcmp(ext->name, keywords_name) == 0) {
		fail(replay, other_s_text);
		return;
	}
	ext->reset_id = reset_id;
	if (preserve)
		return;
	ext->hdr_len = 0;
	if (ext_column(ext) != INDEX_COLUMN_NONE)
		index_records_reset(&replay->state->records, ext_column(ext));
}

/* Returns TRUE if there is an extension whose updates count. */
static bool replay_has_ext(struct replay *replay)
{
	if (replay->ext == -1) {
		fail(replay, "an extension is changed that wasn't introduced");
		return false;
	}
	if (strcmp(replay_ext(replay)->name, keywords_name) == 0) {
		fail(replay, other_s_text);
		return false;
	}
	return !replay->ext_ignore;
}

static void replay_ext_header(struct replay *replay)
{
	bool wide = replay->trans->type == INDEX_LOG_EXT_HDR_UPDATE32;
	struct cursor *c = &replay->cursor;
	struct index_ext_state *ext;
	const unsigned char *data;
	uint64_t offset, size;

	if (!replay_has_ext(replay))
		return;
	ext = replay_ext(replay);
	while (cursor_left(c) > 0) {
		offset = wide ? cursor_u32(c) : cursor_u16(c);
		size = wide ? cursor_u32(c) : cursor_u16(c);
		data = cursor_bytes(c, size);
		cursor_align(c, 4);
		if (data == NULL)
			return;
		if (offset + size > ext->hdr_size) {
			contradiction(replay, "an extension's header is "
				      "changed past its end", offset + size,
				      ext->hdr_size);
			return;
		}
		if (!index_ext_write(&replay->state->exts, ext, offset, data,
				     size)) {
			contradiction(replay, "an extension's header has "
				      "larger gaps than all files have bytes",
				      offset + size,
				      replay->state->exts.max_bytes);
		}
	}
}

/* Returns FALSE if there never was such a message: then Dovecot leaves the rest
   of the transaction. */
static bool check_uid(struct replay *replay, uint32_t uid)
{
	const uint32_t next_uid = replay->state->hdr.next_uid;

	if (uid != 0 && uid < next_uid)
		return true;
	contradiction(replay, "a record is changed whose UID isn't lower than "
		      "next_uid", uid, next_uid);
	return false;
}

static void replay_ext_records(struct replay *replay)
{
	struct cursor *c = &replay->cursor;
	enum index_column column;
	const unsigned char *data;
	uint32_t uid;

	if (!replay_has_ext(replay))
		return;
	column = ext_column(replay_ext(replay));
	while (cursor_left(c) > 0) {
		uid = cursor_u32(c);
		data = cursor_bytes(c, replay->ext_record_size);
		cursor_align(c, 4);
		if (data == NULL || !check_uid(replay, uid))
			return;
		if (column == INDEX_COLUMN_NONE)
			continue;
		index_records_set(&replay->state->records, column, uid, data,
				  replay->ext_record_size);
	}
}

/* Add to a message's number. Only those of 16 bits are known: how many copies
   of a mail an mdbox has. Returns FALSE if the number can't be. */
static bool replay_add(struct replay *replay, enum index_column column,
		       uint32_t uid, int32_t diff)
{
	struct index_records *recs = &replay->state->records;
	const void *record;
	uint16_t number = 0;
	uint32_t idx;

	if (column != INDEX_COLUMN_REF ||
	    !index_records_find(recs, uid, &idx))
		return true;
	record = index_records_get(recs, column, idx);
	if (record != NULL)
		memcpy(&number, record, sizeof(number));
	if (number + (int64_t)diff < 0 || number + (int64_t)diff > UINT16_MAX) {
		contradiction(replay, diff < 0 ? "a number would be less than "
			      "0: it, and what is taken from it" : "a number "
			      "would be too large: it, and what is added to it",
			      number, diff < 0 ? -(int64_t)diff : diff);
		return false;
	}
	number += diff;
	index_records_set(recs, column, uid, &number, sizeof(number));
	return true;
}

static void replay_ext_numbers(struct replay *replay)
{
	struct cursor *c = &replay->cursor;
	const uint32_t size = replay->ext_record_size;
	enum index_column column;
	uint32_t uid, diff;

	if (!replay_has_ext(replay))
		return;
	if (size == 0 || size > 8 || (size & (size - 1)) != 0) {
		contradiction(replay, "a record that is no number is added to",
			      size, 8);
		return;
	}
	column = ext_column(replay_ext(replay));
	while (cursor_left(c) > 0) {
		uid = cursor_u32(c);
		diff = cursor_u32(c);
		if (c->failed || !check_uid(replay, uid) ||
		    !replay_add(replay, column, uid, (int32_t)diff))
			return;
	}
}

static void replay_modseqs(struct replay *replay)
{
	struct cursor *c = &replay->cursor;
	uint32_t uid, idx;

	if (index_exts_get(&replay->state->exts, "modseq") != NULL)
		return;
	while (cursor_left(c) > 0) {
		uid = cursor_u32(c);
		(void)cursor_u64(c);
		if (!c->failed &&
		    index_records_find(&replay->state->records, uid, &idx)) {
			fail(replay, "a modseq is changed before any are kept");
			return;
		}
	}
}

/* Dovecot introduces the keywords' extension itself when it needs more room for
   them: what follows then belongs to that one, or to none if it is new. */
static void keywords_grow(struct replay *replay)
{
	struct index_exts *exts = &replay->state->exts;
	struct index_ext_state *ext = index_exts_get(exts, keywords_name);
	const uint32_t bits = exts->keywords_count;
	const uint32_t size = index_exts_keywords_size(exts);
	const bool is_new = ext == NULL;

	if (!is_new && size <= ext->hdr_size && bits <= ext->record_size * 8U)
		return;
	if (is_new && exts->count == INDEX_EXTS_MAX)
		return;
	if (is_new)
		ext = index_exts_add(exts, keywords_name,
				     strlen(keywords_name));
	index_ext_resize(ext, size + KEYWORDS_HEADER_ROOM);
	ext->record_size = (bits + 7) / 8;
	if (ext->record_size % 4 != 0)
		ext->record_size++;
	ext->record_align = 1;
	replay->ext = is_new ? -1 : ext - exts->exts;
	replay->ext_record_size = ext->record_size;
	replay->ext_ignore = false;
}

static void replay_keyword(struct replay *replay)
{
	struct index_exts *exts = &replay->state->exts;
	const char *keyword;
	uint16_t size;
	size_t len, count = exts->keywords_count;

	cursor_seek(&replay->cursor, 2);
	size = cursor_u16(&replay->cursor);
	keyword = (const char *)cursor_bytes(&replay->cursor, size);
	if (keyword == NULL)
		return;
	len = strnlen(keyword, size);
	/* that one Dovecot doesn't survive */
	if (len == 0) {
		fail(replay, "a keyword's name isn't valid");
		return;
	}
	if (len < size)
		fail(replay, "a keyword's name has a NUL in it");
	/* all of them are compared */
	if (!cursor_budget_spend(&replay->state->budget, count) ||
	    !index_exts_add_keyword(exts, keyword, len))
		fail(replay, "there are too many keywords");
	if (exts->keywords_count > count)
		keywords_grow(replay);
	cursor_align(&replay->cursor, 4);
	check_ranges(replay);
}

static void replay_deleted(struct replay *replay)
{
	/* else somebody asks for it only */
	if (replay->trans->external) {
		replay->state->is_deleted =
			replay->trans->type == INDEX_LOG_INDEX_DELETED;
	}
}

/* All others change nothing that is kept. */
static void (*const functions[INDEX_LOG_TYPE_COUNT])(struct replay *) = {
	[INDEX_LOG_EXPUNGE] = replay_expunge,
	[INDEX_LOG_EXPUNGE_GUID] = replay_expunge,
	[INDEX_LOG_APPEND] = replay_append,
	[INDEX_LOG_FLAG_UPDATE] = replay_flags,
	[INDEX_LOG_HEADER_UPDATE] = replay_header,
	[INDEX_LOG_EXT_INTRO] = replay_intro,
	[INDEX_LOG_EXT_RESET] = replay_reset,
	[INDEX_LOG_EXT_HDR_UPDATE] = replay_ext_header,
	[INDEX_LOG_EXT_HDR_UPDATE32] = replay_ext_header,
	[INDEX_LOG_EXT_REC_UPDATE] = replay_ext_records,
	[INDEX_LOG_EXT_ATOMIC_INC] = replay_ext_numbers,
	[INDEX_LOG_KEYWORD_UPDATE] = replay_keyword,
	[INDEX_LOG_KEYWORD_RESET] = check_ranges,
	[INDEX_LOG_MODSEQ_UPDATE] = replay_modseqs,
	[INDEX_LOG_INDEX_DELETED] = replay_deleted,
	[INDEX_LOG_INDEX_UNDELETED] = replay_deleted,
};

static void replay_transaction(struct replay *replay)
{
	const struct index_transaction *trans = replay->trans;
	const struct cursor_budget *budget = &replay->state->budget;

	if (functions[trans->type] == NULL)
		return;
	cursor_init(&replay->cursor, trans->data, trans->data_size,
		    &replay->state->budget);
	functions[trans->type](replay);
	if (replay->cursor.failed) {
		fail(replay, budget->steps == budget->limit ?
		     "to read it takes too long" :
		     "a transaction is cut short");
	}
}

/* What Dovecot doesn't take, and yet doesn't skip as what a newer one may have
   written: for most of it, it throws the log away. */
static void check_taken(struct replay *replay)
{
	const struct index_transaction *trans = replay->trans;
	char violated[INDEX_LOG_VIOLATED_SIZE];

	if (trans->type == INDEX_LOG_UNKNOWN &&
	    (trans->code & INDEX_LOG_CODE_EXPUNGES) == 0)
		return;
	if (index_log_check(trans, violated) < 0)
		fail(replay, "Dovecot doesn't take a transaction");
}

void index_replay(struct index_state *state, const struct index_state_file *log,
		  const struct index_log_header *log_hdr, uint64_t offset)
{
	struct index_transaction trans;
	struct index_log_iter iter;
	struct replay replay = {
		.state = state, .log_hdr = log_hdr, .trans = &trans, .ext = -1
	};

	index_log_iter_init(&iter, log->data, log->size, offset);
	while (index_log_next(&iter, &trans)) {
		replay_transaction(&replay);
		check_taken(&replay);
	}
	if (iter.error != NULL) {
		index_problem_note(state, log_hdr->file_seq, trans.offset,
				   iter.error);
	}
	state->hdr.log_file_seq = log_hdr->file_seq;
	state->hdr.log_head_offset = trans.offset;
}
