{
  'target_defaults': {
    'cflags_cc!': ['-std=gnu++17', '-std=gnu++14', '-std=gnu++1y'],
    'cflags_cc': ['-std=c++20', '-Wall', '-Wextra', '-Werror', '-fvisibility=hidden', '-fno-exceptions', '-fno-rtti'],
    'include_dirs': ['.'],
  },
  'targets': [
    {
      'target_name': 'lvsd',
      'sources': [
        'binding/addon.cc',
        'binding/connector_handle.cc',
        'binding/datagram_handle.cc',
        'binding/names.cc',
        'binding/netlink_handle.cc',
        'binding/readable_watch.cc',
        'socket/connector.cc',
        'socket/datagram.cc',
        'socket/netlink.cc',
      ],
      'include_dirs': ["<!@(node -p \"require('node-addon-api').include_dir\")"],
      # the last: what cannot be thrown any more, in a worker that is being terminated, is no reason to abort the process
      'defines': ['NAPI_VERSION=8', 'NODE_ADDON_API_DISABLE_CPP_EXCEPTIONS', 'NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS'],
      'conditions': [
        ['"<!(echo ${LVSD_SANITIZE:-no})"=="yes"', {
          'cflags_cc': ['-fsanitize=address,undefined', '-fno-sanitize-recover=all', '-fno-omit-frame-pointer', '-g', '-O1'],
          'ldflags': ['-fsanitize=address,undefined'],
        }],
      ],
    },
    {
      'target_name': 'lvsd-launch',
      'type': 'executable',
      'sources': ['launch/launch.cc'],
    },
  ],
}
