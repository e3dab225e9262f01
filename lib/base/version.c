#include "mailbox-audit.h"

const char *mba_version(void)
{
	return PACKAGE_VERSION;
}
