/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* How many names a LIST returned is known nowhere but in its output: what it
   leaves out and adds is decided above the iteration of the mailbox list. So
   the stream's own sendv() is replaced while the command runs. A stream put on
   top would count as well, but client->output would be another one for all
   that runs meanwhile, and two plugins doing so couldn't take theirs away
   again in the order in which command hooks run. Dovecot writes each untagged
   line with one call. */

#include "lib.h"
#include "ostream-private.h"
#include "access-listed.h"

typedef ssize_t
ostream_sendv_func_t(struct ostream_private *stream,
		     const struct const_iovec *iov, unsigned int iov_count);

static struct {
	/* NULL if nothing is counted */
	struct ostream *output;
	/* the stream's own; it stays valid if another plugin still calls
	   access_listed_sendv() later */
	ostream_sendv_func_t *sendv;
	const char *reply;
	size_t reply_len;
	uint64_t *count;
} listed;

static ssize_t
access_listed_sendv(struct ostream_private *stream,
		    const struct const_iovec *iov, unsigned int iov_count)
{
	ssize_t ret = listed.sendv(stream, iov, iov_count);

	if (ret >= 0 && listed.output == &stream->ostream &&
	    iov_count > 0 && iov[0].iov_len >= listed.reply_len &&
	    memcmp(iov[0].iov_base, listed.reply, listed.reply_len) == 0)
		*listed.count += 1;
	return ret;
}

void access_listed_begin(struct ostream *output, const char *reply,
			 uint64_t *count)
{
	struct ostream_private *stream = output->real_stream;

	if (listed.output != NULL)
		return;
	o_stream_ref(output);
	listed.output = output;
	listed.reply = reply;
	listed.reply_len = strlen(reply);
	listed.count = count;
	if (stream->sendv != access_listed_sendv) {
		listed.sendv = stream->sendv;
		stream->sendv = access_listed_sendv;
	}
}

void access_listed_end(void)
{
	struct ostream_private *stream;

	if (listed.output == NULL)
		return;
	stream = listed.output->real_stream;
	if (stream->sendv == access_listed_sendv)
		stream->sendv = listed.sendv;
	o_stream_unref(&listed.output);
}
