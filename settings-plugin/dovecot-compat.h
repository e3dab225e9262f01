#ifndef DOVECOT_COMPAT_H
#define DOVECOT_COMPAT_H

/* What differs between the Dovecot versions that the plugins are built for.
   Include after lib.h. */

#include "settings-parser.h"
#include "mail-user.h"

#if DOVECOT_PREREQ(2, 4, 0)
#  include "settings.h"
/* A setting_parser_info's fields that depend on the version. The struct has
   "pool_t pool" as its first field. */
#  define PLUGIN_SETTINGS_INFO(_name, _struct) \
	.name = _name, \
	.pool_offset1 = 1 + offsetof(_struct, pool)
#else
#  define PLUGIN_SETTINGS_INFO(_name, _struct) \
	.module_name = _name, \
	.type_offset = SIZE_MAX, \
	.parent_offset = SIZE_MAX
#  define settings_free(set) \
	STMT_START { \
		if ((set) != NULL) { \
			pool_t pool_copy = (set)->pool; \
			pool_unref(&pool_copy); \
			(set) = NULL; \
		} \
	} STMT_END
#endif

/* Are a command's mailbox names UTF-8 instead of mUTF-7? The client asks for it
   with ENABLE UTF8=ACCEPT. */
#if DOVECOT_PREREQ(2, 4, 3)
#  define COMMAND_NAMES_ARE_UTF8(cmd) ((cmd)->utf8)
#else
#  define COMMAND_NAMES_ARE_UTF8(cmd) FALSE
#endif

/* Get a plugin's settings for a user: from plugin {} and userdb in 2.3, as any
   other setting in 2.4. Returns 0 if ok, -1 if a value is invalid. The caller
   frees the settings with settings_free(). */
static inline int
plugin_settings_get(struct mail_user *user,
		    const struct setting_parser_info *info,
		    const void **set_r, const char **error_r)
{
#if DOVECOT_PREREQ(2, 4, 0)
	const struct { pool_t pool; } *set;

	if (settings_get(user->event, info, 0, &set, error_r) < 0)
		return -1;
	*set_r = set;
	return 0;
#else
	const struct setting_define *def;
	struct setting_parser_context *parser;
	const char *value;
	pool_t pool;
	int ret = 0;

	pool = pool_alloconly_create("plugin settings", 512);
	parser = settings_parser_init(pool, info, 0);
	for (def = info->defines; ret == 0 && def->key != NULL; def++) {
		value = mail_user_plugin_getenv(user, def->key);
		if (value != NULL &&
		    settings_parse_keyvalue(parser, def->key, value) < 0) {
			*error_r = t_strdup_printf("%s: %s", def->key,
				settings_parser_get_error(parser));
			ret = -1;
		}
	}
	if (ret == 0) {
		void *set = settings_parser_get(parser);

		*(pool_t *)set = pool;
		*set_r = set;
	} else {
		pool_unref(&pool);
	}
	settings_parser_deinit(&parser);
	return ret;
#endif
}

#endif
